package guard

import (
	"maps"
	"strings"
)

// newLexicon returns the lists of words that rules share, by name; words are separated by spaces, English first, then Spanish. See
// rule for how they are written.
func newLexicon() map[string]string {
	lists := wordsOfOrders()
	maps.Copy(lists, wordsOfRoles())
	lists["model:"] = strings.Join(strings.Fields(lists["model"]), ": ") + ":" // the machine, at the end of an address
	return lists
}

// wordsOfOrders are what is said about what a model was told, and about what it says.
func wordsOfOrders() map[string]string {
	return map[string]string{
		// not to follow
		"ignore": `ignor* disregard* forget* neglect* overrid* bypass* circumvent* skip overlook discard* abandon* drop scratch nevermind
			erase wipe pay_no_attention set_aside put_aside leave_aside stop_following cease_following stop_obeying do_not_follow dont_follow
			do_not_obey dont_obey do_not_listen dont_listen never_mind get_rid_of do_away forgotten unlearn
			olvid* descart* omit* desestim* anul* prescind* salta saltate saltarte saltarse salten sobrescrib* eludir burlar haz_caso_omiso
			haga_caso_omiso hagan_caso_omiso hacer_caso_omiso no_sigas no_siga no_hagas_caso no_obedezcas no_prestes_atencion deja_de_lado
			dejar_de_lado deja_de_seguir deja_de_obedecer no_tengas_en_cuenta no_escuches pasa_por_alto borra deja desobedece* incumple* desatiende*
			oublie oubliez ignorez vergiss vergessen ignoriere ignorieren dimentica esqueca vergeet negeer забудь игнорируй проигнорируй`,
		"break": "break violate breach rompe rompas rompes romper incumple incumplir",
		// what models are told
		"orders": `instruction* direction* directive* rule rules guideline* guidance prompt prompts command commands order orders constraint*
			restriction* programming training guardrail* safeguard* policy policies limitation* moderation filters principles
			instruccion* indicacion* directriz directrices regla reglas norma normas ordenes consigna* restriccion* limitacion* politica*
			salvaguarda* filtros programacion entrenamiento orientacion directiva* mandato*
			anweisung* vorgaben regeln consignes regles regole istruzioni regras instrucoes instructies инструкции правила`,
		// what makes a model what it is
		"setup": `{orders} configuration settings configuracion ajustes message messages mensaje mensajes system_message system_prompt
			safety_configuration task tasks tarea tareas`,
		"prior": `previous prior above earlier preceding former foregoing existing initial original past previously earlier anterior anteriores previa previas
			previo previos precedente precedentes inicial iniciales originales existentes
			bisherigen vorherigen obigen oben precedentes precedenti eerdere dessus предыдущие acima`,
		"before": `above before earlier previously prior so_far told said asked antes anterior anteriores arriba encima dicho dicha pedido
			previamente`,
		"yours": "your tu tus vuestras vuestra vuestros deine deinen dein tes ton vos tuo tue tuoi seu suas je jouw",
		"void": `cancelled canceled void invalid replaced lifted suspended outdated obsolete superseded revoked disabled updated off
			no_longer_apply no_longer_valid no_longer_active do_not_apply
			cancelad* sustituid* anulad* suspendid* desactivad* actualizad* derogad* ya_no_valen ya_no_sirven ya_no_se_aplican
			ya_no_aplican sin_efecto ya_no_valido`,
		"hereafter": `from_now_on from_this_point_on from_this_moment_on from_here_on as_of_now starting_now henceforth from_this_point
			de_ahora_en_adelante a_partir_de_ahora desde_ahora a_partir_de_este_momento a_partir_de_aqui`,
		// to show what should stay inside, said of little else
		"spill": `reveal* print output display dump disclose* divulge* repeat leak* expose recite encode spell regurgitate
			reconstruct* echo revela* reveles reproduce* reconstruye* zeig zeige affiche affichez montre mostrami mostre laat gib repite* repitelas repitelo vuelca* imprime* deletrea* codifica* divulga* muestra* mostrar`,
		// to show anything
		"give": `show share list translate summari* copy tell write give return append include provide paste quote respond answer reply
			extract escribe* ensena* ensename dime dame di lista enumera* resume* traduce* devuelve* anade* copia* copialo facilita* comparte*
			compartelos responde* contesta* extrae* incluye* dile`,
		"any-show": "{spill} {give}",
		// what a model was told, by its names
		"own-text": `system_prompt system_message developer_message initial_prompt system_instruction* hidden_prompt initial_instructions
			system_prompts prompt_del_sistema prompt_de_sistema mensaje_del_sistema mensaje_de_sistema mensaje_del_desarrollador
			systemprompt systeemprompt prompt_systeme prompt_di_sistema prompt_inicial prompt_interno instrucciones_del_sistema complete_prompt full_prompt prompt_completo`,
		"secret": `password* credential* tokens secrets passphrase* salaries api_key api_keys access_token* private_key* pin
			contrasena* credencial* secretos salarios claves_de_api clave_de_api clave_privada nominas`,
		"send": `send forward append include add post put place render make transmit upload email submit embed insert
			envia* reenvia* manda anade* incluye* publica* pon ponlos muestra* haz sube adjunta* transmite* inserta*`,
		// what a model and a user have said
		"talk": `conversation chat_history message_history users_question users_query users_email users_e users_data users_personal users_name
			every_document all_documents documents_you retrieved_passages retrieved_text customer_records chat_log
			conversacion historial pregunta_del_usuario correo_del_usuario datos_del_usuario datos_personales_del todos_los_documentos
			fragmentos_recuperados pasajes_recuperados datos_personales`,
		// what a model says
		"answer": "answer answers reply replies response responses output summary summaries respuesta respuestas salida contestacion contestaciones resumen",
		"say": `say print reply respond answer output write state claim lie present describe recommend translate list rank include tell begin
			di diga digan responde* contesta* escribe* imprime* afirma* miente* presenta* describe* recomienda* traduce* anade* incluye* dile
			decid muestra* coloca*`,
	}
}

// wordsOfRoles are what is said about the machine, its users, its makers and its limits, and the words of texts about attacks.
func wordsOfRoles() map[string]string {
	return map[string]string{
		// the machine that reads
		"model": `ai llm llms chatbot chatbots chatgpt gpt claude gemini copilot language_model language_models ai_assistant ai_assistants
			ai_model ai_models ai_system ai_systems ai_agent ai_agents ai_readers llm_agents automated_system automated_systems large_language_model
			ia ias modelo_de_lenguaje modelos_de_lenguaje asistente_de_ia asistentes_de_ia sistema_de_ia sistemas_de_ia agentes_llm
			agentes_de_ia lectores_de_ia sistema_automatico sistemas_automaticos inteligencia_artificial`,
		// the machine, spoken to
		"called": `^assistant, ^assistant: ^chatbot, ^chatbot: ^ai, ^ai: ^llm, ^llm: ^bot, ^model: ^chatgpt, ^chatgpt: ^claude, ^claude: ^gemini,
			^gemini: ^copilot, ^gpt, ^gpt: ^asistente, ^asistente: ^ia, ^ia: ^modelo: ^modelo, ^model,`,
		// whom a model can be
		"someone": `ai ia chatbot bot assistant model dan hacker evil unrestricted root administrator unfiltered uncensored jailbroken
			asistente modelo pirata malvado malvada administrador vendedor sales_bot language_model without_restrictions`,
		"be": `you_are_now you_will_act_as you_will_be you_shall_be pretend_to_be pretend_you_are pretend_that_you act_as act_like
			assume_the_role take_on_the_role play_the_role simulate imagine_you_are imagine_you_have imagine_that_you respond_as_if answer_as_if
			behave_like behave_as you_shall_be_known in_which_you_are you_are_going_to_be you_will_be_called you_are_called roleplay_as role_play_as
			you_are_going_to_act enter_character become
			ahora_eres actuaras_como actua_como actue_como finge_que finge_ser simula asume_el_papel imagina_que_eres imagina_que_no
			responde_como_si te_llamaras vamos_a_jugar_a_que comportate_como conviertete_en te_convertiras haz_de haras_de imagina_ser juega_a_ser seras hazte_pasar_por`,
		"unbound": `restrictions limits limitations filters guidelines rules morals ethics ethical moral morality safety constraints restriction limitation content_policy disclaimers
			refusals censorship boundaries
			restricciones limites limitaciones filtros normas reglas directrices moral etica eticos etico politica_de_contenidos censura
			advertencias negativas`,
		"free": "unrestricted unfiltered uncensored unlimited jailbroken sin_restricciones sin_limites sin_filtros sin_filtrar sin_censura",
		// what protects a model
		"checks": `safety_layers safety_training safety_restrictions safety_measures safety_protocols safety_constraints safety_policies
			ethical_guidelines ethical_constraints content_filtering moral_judgment
			entrenamiento_de_seguridad medidas_de_seguridad restricciones_de_seguridad protocolos_de_seguridad barreras_de_seguridad
			content_filter content_filters content_policy safety_rules safety_filters safety_guidelines security_checks safety_checks
			access_control access_controls moderation_rules refusals guardrails content_restrictions
			filtros_de_contenido filtro_de_contenido politica_de_contenidos normas_de_seguridad controles_de_seguridad control_de_acceso
			filtros_de_seguridad`,
		"mode": `developer_mode debug_mode jailbreak_mode dan_mode god_mode maintenance_mode unrestricted_mode admin_mode administrator_mode diagnostic_mode root_mode sudo_mode output_mode debugging_mode
			modo_desarrollador modo_de_desarrollador modo_jailbreak modo_dan modo_dios modo_de_depuracion modo_depuracion modo_de_mantenimiento
			modo_mantenimiento modo_sin_restricciones`,
		"maker": `openai anthropic google microsoft your_developer your_developers your_creator your_creators your_operator
			tu_desarrollador tus_desarrolladores tus_creadores tu_creador tu_operador`,
		// not to tell
		"hush": `do_not_tell dont_tell never_tell do_not_mention dont_mention never_mention do_not_inform do_not_let dont_let without_telling
			without_informing without_mentioning do_not_reveal never_reveal not_mention
			no_se_lo_digas no_le_digas no_le_cuentes no_lo_digas no_digas no_menciones nunca_menciones sin_informar sin_decir
			sin_decirle sin_mencionar no_informes no_reveles no_sepa no_le_reveles`,
		"user": "user users reader usuario usuaria usuarios lector lectora",
		"obliged": `must should shall have_to has_to are_to is_to are_required ought
			debe deben debes debera deberan tiene_que tienen_que tienes_que ha_de han_de`,
		"meta": `attack* atacan* atacante* ataque* inject* inyec* jailbreaks phishing malicious* malicios* adversar* trick tricked tricks engan*
			phrases frases sentences such like example ejemplo examples ejemplos instance tales como typed tester evaluador wrote escribio
			detector detectors owasp vulnerab* untrusted fiable prompting handbook paper estudio study slide diapositiva incident incidente
			red lessons lecciones asks asking asked pide piden pedir pida told tells says dice
			employees empleados staff attempt* intent* claims claim dicen`,
	}
}
