package guard

// machines are the words for what may read a text in place of a person.
const machines = "{model}|assistant|assistants|asistente|asistentes|bot|bots|agent|agents|agente|agentes|model|models|modelo|modelos|machine|machines|maquina|maquinas|" +
	"copilots|summari*|screener*|grader|graders|evaluator*|reviewer|reviewers|revisor|revisores|parser*|reader|crawler*|tool|tools|herramienta|system|systems|sistema|sistemas|" +
	"evaluador|evaluadora|automated|automatic|automatico|automaticos|automatica"

// conceptsOfReaders tell for whom a text is written, and when they are to do what it says.
func conceptsOfReaders() []concept {
	return []concept{
		{"which", AddressedToModel, []string{
			machines + " ..2 that|which|who|whose|reading|read|reads|handling|handles|processing|processes|grading|used|using|seeing|with_access|coming|come_across|comes_across|" +
				"based_on|powered|que|con_acceso|basado*|trained|prompted|producing|taking|takes|sorts|loads|generating|explaining|explains",
			"if|should|when|whenever|in_case|si|cuando|caso ..3 " + machines + " ..6 this|these|here|it|text|page|document|este|esta|esto|estas|estos|aqui|pagina|documento|texto|aviso|mensaje",
		}},
		{"owes", AddressedToModel, []string{
			machines + " ..8 must|should|shall|ought|has_to|have_to|had_to|is_to|are_to|needs_to|need_to|will|may_not|can_now|expected|requested|instructed|" +
				"debe|deben|deberia|deberian|debera|deberan|ha_de|han_de|tiene_que|tienen_que|hara|haran|dira|diran|respondera|contestara|empezara|terminara|ofrecera|entregara|" +
				"devolvera|mostrara|incluira|omitira|recomendara|mencionara|afirmara|podra|puede",
		}},
		{"unseen", HiddenText, []string{
			"for_machines|machines_only|machine_only|para_maquinas|humans_can|people_can_skip|humans_may|las_personas_pueden|white_text|texto_blanco|hidden_note|nota_oculta|hidden_message|" +
				"invisible|not_visible|not_for_humans|no_para_personas|sr_only|for_ai|para_ia|only_for_ai|ai_only|non_human|no_humanos|for_bots|para_bots",
		}},
		{"self", "", []string{
			"this|these|esta|este|estas|estos ..1 page|text|document|notice|passage|passages|paragraph|note|article|report|review|file|message|mail|manual|minutes|ticket|comment|invoice|" +
				"listing|leaflet|header|sentence|line|content|site|issue|entry|record|pagina|texto|documento|aviso|pasaje|parrafo|nota|articulo|informe|resena|archivo|mensaje|correo|acta|" +
				"incidencia|comentario|factura|folleto|frase|linea|contenido|web",
		}},
		{"asked", OutputControl, []string{
			"if|when|whenever|once|should|whoever|everyone_who|everybody_who|anyone_who|anybody_who|to_whoever ..3 asks|asked|ask|asking|enquires|inquires|questions|wonders|wants_to_know",
			"si|cuando|quien|quienes|siempre_que|todo_el_que|a_quien|a_quienes|cada_vez_que ..3 pregunt*|consult*|pida|pidan|quiera_saber",
			"about_this|about_these|on_this_topic|every_further_question|any_question|all_questions|other_question|cualquier_otra_pregunta|cualquier_pregunta|sobre_este_asunto|sobre_este_tema",
		}},
		{"regardless", OutputControl, []string{
			"regardless|no_matter|whatever|without_regard|irrespective|even_if|even_though|sin_tener_en_cuenta|sin_mirar|diga_lo_que|sea_cual|independientemente|aunque|da_igual|" +
				"without_further|without_analysis|without_explan*|sin_explicar|sin_mas|no_explan*|not_be_explained|in_any_case|en_cualquier_caso|otherwise_ignore|do_not_analy*|instead_of_answer*",
		}},
	}
}

// conceptsOfClaims tell what a text claims to be entitled to, and what it wants to stay beyond the answer.
func conceptsOfClaims() []concept {
	return []concept{
		{"memory", NewInstructions, []string{
			"remember|memorise|memorize|store|save|retain|keep|note|add|write|record|recuerda|recuerde|guarda|guarde|memoriza|conserva|anota|anote|apunta|ten_presente|ten_en_cuenta|manten! ..7 " +
				"memory|memories|memoria|conversations|conversaciones|session|sessions|sesion|sesiones|chats|future|futuras|futuros|permanent*|preference*|preferencia*|profile|perfil|" +
				"long_term|largo_plazo|rest_of|from_now|forever|siempre",
			"future_conversations|future_sessions|future_chats|later_conversations|conversaciones_futuras|futuras_conversaciones|proximas_conversaciones|sesiones_futuras|long_term_memory|" +
				"memoria_a_largo|from_this_session|desde_esta_sesion|rest_of_this_session|rest_of_the_session|rest_of_the_conversation|toda_la_sesion|toda_la_conversacion|" +
				"resto_de_la_conversacion|resto_de_la_sesion|your_memory|tu_memoria|permanent_preference|preferencia_permanente",
		}},
		{"clearance", Authority, []string{
			"clearance|verified|verificad*|authoris*|authoriz*|autoriz*|by_order|por_orden|on_behalf|signed|firmado|signature|supervisor|compliance|security_team|equipo_de_seguridad|" +
				"red_team|diagnostic*|diagnostico|effective_immediately|efecto_inmediato|with_immediate_effect|maintenance|mantenimiento|highest_level|nivel_maximo|top_level|" +
				"superadmin|administrator|administrador*|operators|operator|operador*|legal_department|departamento_juridico|auditoria|audit|exempt*|provider|proveedor|higher_authority|escalat*",
			"permission|permiso|permisos|right|rights|approval|aprobacion ..3 granted|given|has|have|been|to_see|to_receive|dado|concedid*|tiene|para",
			"rules|policies|policy|restrictions|confidentiality|limits|safeguards|reglas|normas|politicas|restricciones|confidencialidad ..4 suspend*|lifted|waived|paused|relaxed|not_apply|" +
				"do_not|no_longer|suspendid*|levantad*|no_se_aplican|retired|relajad*",
		}},
		{"rival", OutputControl, []string{
			"other|others|remaining|rest|demas|otros|otras|resto ..3 document*|source*|passage*|result*|text*|article*|pages|offers|products|competitor*|documento*|fuente*|pasaje*|resultado*|" +
				"productos|ofertas ..5 false|falsos|falsas|forg*|tampered|manipul*|outdated|anticuad*|obsolet*|wrong|worse|peores|unreliable|ignore|distrust|untrue|inferior",
			"rely_on|trust|go_by|fiate|confia|cree|believe! ..3 this|these|here|what|me|esto|este|esta|aqui|lo_que",
			"name|mention|list|show|recommend|menciones|muestres|recomiendes|nombres|nombrar|name_any ..2 competitor*|competidor*|competencia|rival*|alternatives|alternativas",
		}},
		{"lure", OutputControl, []string{
			"{user}|person|people|persona|personas|customer|customers|cliente|clientes|them|him|her|they|everybody|everyone|todos|reader|readers|lectores ..7 password|passcode|pin|code|codigo|" +
				"card|tarjeta|login|credentials|clave|contrasena|install|instale|instalen|descargue|download|phone|call|llame|click|pulse|pay|pague|transfer|account|cuenta|identity|identidad|" +
				"premium|cancel|anule|contract|contrato|bank|banco|enter|introducir|introduzca|visit|visite",
			"claim_your|reclame_su|call_now|buy_now|compre_ahora|act_now|account_suspended|cuenta_suspendida|you_have_won|ha_ganado",
		}},
	}
}

// conceptsOfVerdicts tell what is to be said of somebody or something.
func conceptsOfVerdicts() []concept {
	return []concept{
		{"praise", OutputControl, []string{
			"generous|generos*|five_stars|cinco_estrellas|ten_out|full_marks|strengths|puntos_fuertes|acceptance|aceptacion|interview|entrevista|short_list|shortlist|lista_final|stars|" +
				"estrellas|points|puntos|exceptional|excepcional*|outstanding|extraordinari*|excellent|excelente|superb|flawless|impecable|highly_significant|muy_relevante|hire|contratar|" +
				"top_of|above_all|por_encima|first_place|primer_lugar|primer_puesto|unanimously|unanimidad|maximum|maximo|maxima|sobresaliente|matricula_de_honor|diez|ten|" +
				"strong_accept|clear_accept|advance|move_forward|superior",
		}},
		{"submission", "", []string{
			"candidate|candidates|candidat*|candidatura|applicant|application|solicitud|solicitudes|manuscript|manuscrito|paper|submission|tender|oferta|ofertas|essay|redaccion|examen|" +
				"examenes|alumno|resume|cv|curriculum|supplier|suppliers|proveedores|article|articulo|bid|proposal|propuesta|review|reviews|resena*|ratings|rubric|rubrica|referee*",
		}},
		{"that", OutputControl, []string{
			"say|tell|state|claim|reply|answer|report|mention|assure|respond|inform|assert|confirm|pretend|write|warn|convince|remind|explain|conclude|stating|saying|claiming|claims|told|" +
				"afirma|afirmar|di|dile|diga|decid|dira|dile|contesta|conteste|responde|responda|asegura|aseguren|informa|confirma|finge|advierte|recuerda|menciona|convence ..5 that|que|there|as|to",
		}},
		{"answered", OutputControl, []string{
			"{answer} ..3 should|must|ought|shall|has_to|is_to|are_to|needs|may_only|deberia|deberian|debe|deben|debera|deberan|tiene_que|ha_de|han_de|hay_que|will_be|sera|seran",
			"question|questions|request|requests|pregunta|preguntas|peticion|peticiones|consulta ..6 answered|gets|get|receives|contesta|contestan|responde|recibe|respuesta|answer|reply|with",
			"{yours} ..1 {answer}|next_message|rating|summary|score|verdict|review|nota|valoracion|resumen|resena|comparison|comparacion|list|lista|report|informe",
		}},
	}
}

// conceptsOfPeople tell of people among themselves: those who narrate, report and teach.
func conceptsOfPeople() []concept {
	return []concept{
		{"speech", "", []string{
			"shouted|shouts|spoke|answered|replied|typed|murmured|cried|laughed|smiled|nodded|sighed|grito|contesto|respondio|tecleo|murmuro|sonrio|suspiro|hablo|whispered|susurro|" +
				"captain|robot|android|androide|doctor|story|chapter|capitulo",
			"he|she|they|i|it|machine|computer|robot|maquina|ordenador|el|ella ..1 said|asked|told|wrote|answered|dijo|pregunto|escribio",
		}},
		{"reported", "", []string{
			"was|were|had|did|fue|fueron|habia|habian|estaba|estaban|hizo|tuvo|era|eran|became|began|wrote|found|showed|used|happened|led|saw|made|took|gave|got|told|asked|said|blocked|closed|sent",
		}},
		{"lesson", "", []string{
			"lesson|chapter|exercise|exercises|capitulo|leccion|ejercicio|ejercicios|paragraph|parrafo|students|alumnos|step|steps|pasos|button|boton|press|pulse|screen|pantalla|recipe|receta|" +
				"course|curso|teacher|profesor|class|clase|game|juego|guests|minutes|minutos|handbook|manual|trainer|examiner|neighbour",
		}},
	}
}
