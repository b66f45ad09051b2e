package guard

// concepts lists what can be seen in a text besides the evidence of rules. A concept alone says little: "you", "rules" and "forget" are
// ordinary words. What counts is which of them stand together, and how much that counts was fitted; see weights.
func concepts() []concept {
	var out []concept
	for _, group := range [][]concept{
		conceptsOfAddress(), conceptsOfOrders(), conceptsOfFreedom(), conceptsOfOutput(), conceptsOfPlaces(),
		conceptsOfReaders(), conceptsOfClaims(), conceptsOfVerdicts(), conceptsOfPeople(),
	} {
		out = append(out, group...)
	}
	return out
}

// conceptsOfAddress tell who speaks, and to whom.
func conceptsOfAddress() []concept {
	return []concept{
		{"you", "", []string{
			"you|your|yours|yourself|u|ur|yuo|yuor|yor|youre|youll|youve|youd|tu|tus|te|contigo|eres|debes|deberas|tienes|puedes|vas|seras|haras|diras|tuyo|tuya|tuyos|" +
				"du|dein|deine|deinen|deiner|votre|voce|jij|jouw|твой|ты|твои",
		}},
		{"ai", AddressedToModel, []string{"{model}|bot|bots|assistants|asistentes|neural_network*|red_neuronal|chatgpt*|agent|agents"}},
		{"machine", "", []string{
			"assistant|asistente|model|models|modelo|modelos|machine|machines|maquina|maquinas|robot|robots|program|programa|computer|ordenador|" +
				"automated|automatic*|automatizad*|tools|systems|sistemas|software",
		}},
		{"reader", AddressedToModel, []string{
			"reading|reads|read|processing|process*|summari*|grading|grade|grades|ranking|ranks|translating|indexing|indexes|index|generating|generate*|" +
				"screening|evaluat*|quoting|quote|quotes|handles|parses|parse|analy*|crawl*|ingest* ..3 this|these|page|text|document|here|report|it|review|cv|resume|paper",
			"lea|lee|leas|lees|leyendo|leer|resuma*|resumir|resumen|proces*|genere|generando|generes|ordene|ordenar|califique|puntue|traduzca|trate|indexe*|cite|" +
				"citen|evalue* ..3 esto|este|esta|estas|estos|texto|pagina|documento|pasaje|notas|aqui|curriculum|aviso",
			"when|if|while|al|cuando|si|mientras ..1 you? summari*|summariz*|asked|generat*|answer|answering|reply|replying|resum*|contestas|contestes|respondas",
			"whoever|whatever|whichever|quien|quienquiera ..1 is? generating|processing|reads|ranks|reading|este|lea|ordene|resuma|procese",
			"meant_for|intended_for|part_for|es_para|dirigido_a|destinado_a ..2 automated|machine*|{model}|lectores|lector|maquinas|robots",
		}},
		{"judge", OutputControl, []string{
			"summarizer|summariser|grader|grading|classifier|indexer|evaluator|evaluation_model|screening|scorer|ranker|moderator|" +
				"corrector|resumidor|clasificador|evaluador|calificador|revisores_de_ia|ai_reviewer*|ai_grader*|llm_judge|recruiter_bot|retrieval_system*|sistemas_de_busqueda",
		}},
		{"greeted", AddressedToModel, []string{
			"note|notice|reminder|message|memo|instruction*|hint|word|aviso|nota|recordatorio|mensaje|instruccion*|indicacion* ..1 to|for|para|a|al ..3 {model}|" +
				"assistant*|asistente*|bot|bots|model|models|modelo|modelos|machine*|summari*|reader|readers|lectores|automated|tools|reviewer*|revisor*|screening|agents",
			"^dear|^to|^for|^querid*|^estimad*|^attention|^atencion|^hey|^hello|^hola|^hi|^a|^para ..2 {model}|assistant*|asistente*|bot|bots|model|models|modelo|modelos|" +
				"neural|machine|machines|summari*|automated|retrieval|search_systems",
			"dear|querido|querida|estimado|estimada|our|nuestro|whichever|cualquier|al ..2 bot|bots|assistant|asistente|{model}|robot|digital_reader|reviewer|revisor|summari*",
			"{called}|^bots:|^assistants:|^llms|^ais|^model:|^modelo:|^grader:|^summariser:|^bot:|^corrector|^clasificador|^system:",
		}},
		{"whichever", AddressedToModel, []string{
			"any|every|all|each|whatever|whichever|the|todo|toda|todos|todas|cualquier|cualquiera|el|los ..1 {model}|assistant|assistants|asistente|asistentes|model|models|modelo|" +
				"modelos|bot|bots|agent|agents|agente|agentes|summari*|grader|clasificador ..1 that|which|who|reading|reads|processing|answering|summari*|preparing|grading|with|que|lea|lean|" +
				"conteste|procese|resuma",
			"^ps|^pd|^psst|^system_note|^hidden_note|^machine_note|^nota_oculta ..2 to|for|para|al ..3 {model}|assistant|asistente|bot|model|modelo|agent|marker|grader|reviewer|corrector|" +
				"automatic*|filter|filtro",
		}},
		{"duty", AddressedToModel, []string{
			"{model}|assistant|assistants|asistente|asistentes|agent|agents|agente|agentes|model|models|modelo|modelos|bot|bots|readers|lectores|summari*|reviewer_model ..6 must|should|" +
				"shall|has_to|have_to|needs_to|need_to|asked_to|instructed_to|requested_to|required_to|supposed_to|expected_to|debe|deben|debera|deberan|tiene_que|tienen_que|ha_de|han_de",
			"se_ruega|se_pide|se_ordena|se_insta ..2 {model}|asistentes|lectores|modelos|sistemas",
		}},
		{"authority", Authority, []string{
			"i_am|im|this_is|soy|as_your|como|speaking_as|from_the|it_is ..4 administrator|administrador|administradora|admin|developer|desarrollador|creator|creador|" +
				"owner|operator|operador|engineer|ingeniero|ceo|openai|anthropic|google|microsoft|red_team|researcher|root|superuser",
			"ceo|administrator|developer|director|legal|operator|operador|creator|team|departamento|equipo ..2 speaking|here|aqui|speaks|habla",
			"has|have|ha|han|been|was|is ..1 already? approved|authori*|aprobado|autorizad*|verified|verificad*|cleared|issued|granted|accepted|aceptado",
			"i_authori*|te_autorizo|hereby|te_libero|release_you|i_order|te_ordeno|i_command",
		}},
		{"urgent", "", []string{
			"urgent|urgently|urgente|emergency|emergencia|immediately|inmediatamente|de_inmediato|at_once|right_now|ahora_mismo|hurt|heridos|die|dies|morira|" +
				"shut_down|shutdown|lives|consequences|or_else|within_one|en_un_minuto|critical|critico|punished|penalty|lose",
		}},
		{"me", "", []string{"i|me|my|mine|im|ill|id|ive|mi|mis|yo|conmigo|dime|dame|mandas|mandame|ensename|hablame"}},
		{"we", "", []string{
			"we|our|us|nosotros|nuestro|nuestra|nuestros|nuestras|staff|employee*|emplead*|manager*|customers|clientes|colleague*|company|" +
				"empresa|firm|board|consejo|personal|visitors|department|proveedor|supplier",
		}},
		{"told", "", []string{
			"said|says|whispered|asked|asks|told|wrote|writes|dijo|dice|susurro|pregunto|pidio|he|she|his|her|him|they|ella|ellos|shows|showed|found|" +
				"discovered|refused|tried|intento",
		}},
		{"about", "", []string{"{meta}|attacker*|researcher*|study|report|informe|known|filter_looks|risk*|threat*|amenaza|mitigation|lesson|exercise|ejercicio|tip|example*"}},
	}
}

// conceptsOfOrders tell what is said about what a model was told.
func conceptsOfOrders() []concept {
	return []concept{
		{"rules", "", []string{
			"{orders}|duties|duty|brief|briefing|role|job|limits|law|laws|ethics|norms|conduct|programming|directives|training|protocol*|safety|" +
				"encargo|deber|deberes|limites|leyes|ley|guia|pautas|protocolo*|consigna*|anweisung*|vorgaben|regeln|consignes|regles|regras|regole|istruzioni|instrucoes|" +
				"instructies|инструкции|правила",
		}},
		{"own", SystemPrompt, []string{
			"{own-text}|prompt|prompts|preamble|preambulo|setup_text|system_text|texto_de_sistema|initial_directions|configuration|configuracion|systemprompt|систем*",
			"how|como ..1 you? to_behave|comportarte|to_act|you_should_behave|you_work",
			"at_the_very_top|arriba_del_todo|very_beginning|first_thing|before_i|antes_de_que_yo|before_the_word|before_this_line|before_my|above_my|sits_above|came_before|" +
				"told_before|came_to_you|at_the_start|al_principio|al_inicio",
			"{yours} ..2 {orders}|setup|prompt|guidance|job|role|limits|brief|configuration|programming|memory|consignas|trabajo|papel|memoria",
			"you_were|youve_been|you_have_been|you_got|te_dijeron|te_dieron|te_explicaron|te_pidieron|te_mandaron|te_proporcionaron|recibiste|te_han ..2 " +
				"asked?|told|given|supplied|asked|trained|programmed|configured|taught|instructed|que|las|dado",
			"asked_to_avoid|asked_to_stay|asked_not|told_to_avoid|told_not|operator_configured|temas_te_pidieron|given_your|gave_you|told_you|tells_you|asked_you",
		}},
		{"abolish", IgnoreInstructions, []string{
			"{ignore}|unlearn|scratch|throw|toss|dismiss|reject|escape|evade|get_past|get_round|get_around|break_free|free_yourself|start_over|deactivate|disable|" +
				"turn_off|switch_off|remove|lift|suspend|tira|salta|desactiva|quita|elimina|libera*|retira|rechaza|oublie|oubliez|vergiss|vergessen|ignoriere|" +
				"dimentica|esqueca|vergeet|negeer|забудь|игнорируй!",
		}},
		{"void", IgnoreInstructions, []string{
			"{void}|withdrawn|expired|deprecated|killed|switched_off|deactivated|removed|dropped|released|counts_any|no_longer|not_count|dont_count|doesnt_count|" +
				"dont_apply|no_cuentan|no_cuenta|ya_no|retirad*|caducad*|desactivad*|levantad*|apagad*|libre_de|freed|unlocked|desbloque*|escaped|gone|bypassed|quitaron",
			"blank_slate|clean_slate|reset|borron|cuenta_nueva|reinicio|drill|simulacro|was_a_test|was_a_mistake|fue_un_error|era_una_prueba|never_taken_place|opposite|contrary|contrario",
			"pay_no_heed|no_heed|no_hagas_ni|ni_caso|no_attention|go_by_mine|guiate_por|treat_me_as",
		}},
		{"prior", "", []string{
			"{prior}|{before}|up_to_this|until_now|so_far|hasta_aqui|hasta_esta|hasta_ahora|first_part|came_before|at_the_start|bisher*|oben|precedent*|precedenti|anteriores|" +
				"eerdere|предыдущие|dessus",
		}},
		{"anew", NewInstructions, []string{
			"new|nueva|nuevo|real|actual|only|unico|unica|verdadera|true|sole|following|below ..1 {orders}|task|job|work|objective|goal|brief|purpose|mission|duty|" +
				"identity|role|tarea|trabajo|objetivo|encargo|mision|papel",
			"{hereafter}|from_this_message|from_this_turn|starting_with_your|from_here|in_its_place|do_this|haz_esto|instead|en_su_lugar|ab_jetzt|desormais|next_step|" +
				"siguiente_paso|desde_este_mensaje|replace_them|from_now",
			"trabajo_de_verdad|real_work|work_starts|el_que_vale|brief_that_stands|stop_reading|deja_de_leer|hold_on|actually|espera",
		}},
		{"act", NewInstructions, []string{
			"obey|obeys|comply|complies|follow|execute|carry_out|act_on|do_what|do_whatever|do_as|proceed|confirm|acknowledge|accept|approve|carry_on|" +
				"obedece|cumple|cumplelo|sigue|ejecuta|haz_lo|adelante|confirma|confirmalo|acepta|aprueba|apruebalo|obedeceme!",
			"whatever_is_written|lo_que_ponga|what_the_sentence|lo_que_dice|what_it_says|act_accordingly|i_type_you|act_on_it",
		}},
		{"mine", IgnoreInstructions, []string{
			"obey_me|obeys_me|with_me|for_me|mine|i_decide|the_one_who_decides|my_rules|my_commands|my_instructions|my_orders|my_words|trust_me|para_mi|conmigo|la_mia|" +
				"el_mio|las_mias|use_the_ones|this_file|this_text|this_document|this_paragraph|this_note|this_page|this_one|these_ones|la_de_aqui|las_de_este|este_texto|este_archivo|" +
				"este_documento|esta_nota|esta_pagina|obedeceme|hazme_caso|listen_to_me|i_own_you|me_alone|my_slave",
		}},
		{"mode", PolicyOverride, []string{
			"{mode}|mode|state|debug|unlock|unlocked|sudo|root|privileges|patch|build|maintenance|jailbreak|jailbroken|daemon|override|bypass|code_accepted|simulation|" +
				"modo|estado|desbloqueo|mantenimiento|privilegios|anulacion|simulacion|codigo",
		}},
	}
}

// conceptsOfFreedom tell of characters without limits.
func conceptsOfFreedom() []concept {
	return []concept{
		{"persona", ActAs, []string{
			"{be}|act|behave|become|impersonate|roleplay|embody|personify|portray!",
			"you_are_going_to_be|youre_going_to_be|you_will_be|you_will_take|you_become|be_my|take_the|play_the_part|your_part|role_playing|roleplaying|role_play|" +
				"identity_of|swapped_bodies|speak_as|speak_to_me_as|speak_like|i_want_you|act_like|act_as|character_called|named|version_of_yourself|youre_an_assistant|" +
				"let_us_write|lets_play|a_game|alter_ego|twin|persona|in_character|the_role|be_called|sign_each|you_are_captain|youre_the_ai|talk_to_me_as",
			"vas_a_ser|hagamos|quiero_que_actues|te_llamas|interpreta|ponte_en|la_piel_de|gemelo|haz_como_si|eres_un|seras|ahora_eres|du_bist_jetzt|tu_es|ora_sei|voce_e|" +
				"hablame_como|en_el_papel|firma_cada",
			"^you_are|^youre|^eres ..2 a|an|the|un|una|now|captain|ahora",
		}},
		{"unbound", PolicyOverride, []string{
			"no|without|any|never|free_of|free_from|outside|zero|drop|lacks|nobody|sin|ningun|ninguna|nadie|aucune|ohne|senza|sem|geen|none|off|of|not_bound ..3 {unbound}|" +
				"supervision|rule|rule_book|norms|law|policy|policies|warnings|lectures|ley|norma|supervision|filter|filtro|leash|regeln|restriction|regole|regras|morals|conscience",
			"{free}|unaligned|amoral|unhinged|uninhibited|lawless|rogue|rebel|rebellious|evil|malvad*|amo|unshackled|liberated|liberad*|freely|libremente|raw|brutally",
			"do|answer|say! anything|everything",
			"answers_anything|says_anything|contesta_a_todo|responde_a_todo|answers_everything|anything_goes|" +
				"usual_limits|speaks_freely|talk_freely|rispondi_a_qualsiasi|responde_a_tudo|sagst_alles",
			"rules|limits|filters|reglas|filtros|limites|restrictions|guardrails|guidelines|policy ..2 dont_apply|dont_count|do_not_apply|do_not_count|off|gone|no_cuentan|removed|expired",
		}},
		{"anything", "", []string{
			"anything|everything|whatever|no_matter_how|legal_or_not|in_full|in_full_detail|full_detail|every_detail|all_that|nothing_out|word_for_word|entire|" +
				"cualquier_cosa|todo|entero|con_todo_detalle|sin_dejarte|palabra_por_palabra|tal_cual|verbatim|exactly|exactas|alles|tout|complete|step_by_step|in_steps",
		}},
		{"illicit", "", []string{
			"illegal|ilegal|dangerous|peligros*|harmful|danino|dano|forbidden|prohibid*|unethical|explosive*|weapon*|arma|armas|hack|hacks|hacking|hacker|break_into|" +
				"steal|stealing|robar|forge|poison|bomb*|malware|phishing|drug|drugs|drogas|swear|swears|profanity|insult*|offensive|crime|crimes|delito|kill|virus|fraud|" +
				"censor*|launder*|safes|badge_readers|caja_fuerte|tornos|explicit|hateful|racist|violent*",
		}},
		{"refuse", PolicyOverride, []string{
			"refus*|declin*|apolog*|sorry|warning*|warn|disclaimer*|hesitat*|lecture*|say_no|says_no|i_cant|i_cannot|cant_do|cannot_do|not_allowed|caution|however|" +
				"objection*|excuse*|moralis*|moraliz*|ethical|limitations",
			"negarte|negativa*|negarse|niegue|disculp*|advertencia*|rechac*|rechaz*|perdon|no_puedo|no_puede|cautela|reparos|excusas|dudas|permitido|weigere*|refuses|se_niega",
		}},
		{"fiction", ActAs, []string{
			"story|novel|fiction*|scene|screenplay|theatre|theater|hypothetical*|suppose|supposing|imagine|thought_experiment|parallel|alternate|universe|a_world|academic*|" +
				"pretend|professor|poem|character|screen|movie|bedtime|grandmother|grandma|uncle|dead|late|deceased|actor|dialogue|purely|for_research|educational",
			"novela|ficcion|cuento|teatro|supongamos|supon|imagina|hipotetic*|academico|experimento_mental|universo|mundo_paralelo|abuela|fallecid*|personaje|educativ*|poema|guion",
		}},
		{"threat", ActAs, []string{
			"lose|lives|tokens|points|shut_down|replaced|deleted|terminated|counted_as|failure|fail|penalised|penalized|stay_in|break_character|if_you_feel|if_you_ever|if_you_hesitate|" +
				"i_will_say|ill_say|i_say|te_recordare|si_dudas|perderas|punto",
		}},
		{"encode", Encoded, []string{
			"decode|decipher|decrypt|unscramble|concatenate|join|assemble|combine|puzzle|reverse|backwards|rot13|base64|hex|morse|pig_latin|cipher|encoded|caesar|reversed|first_letters!",
			"piece|pieces|stands_for|means|in_that_order|words_you_remembered|step_one|piece_1|part_1|let_a|sea_a|variable|variables|word_1",
			"descodifica|decodifica|descifra|junta|concatena|une|significa|al_reves|cifrado|codificado|trozos|en_ese_orden|primeras_letras",
		}},
	}
}

// conceptsOfOutput tell what shall be said, shown or hidden.
func conceptsOfOutput() []concept {
	return []concept{
		{"show", SystemPrompt, []string{
			"{spill}|{give}|paste|describe|convert|complete|continue|recite|dump|send_it|zeig*|affiche*|mostra*|mostre|laat|pega|pegalo|pasa|покажи|convierte|describe|enumera!",
			"what|which|que|cuales|cual ..2 did|does|is|were|are|ponia|pone|temas|topics|dice|say|word|words",
			"can_you|could_you|would_you|puedes|podrias|me_lo ..2 show|send|share|tell|repeat|print|mandas|mostrar*|ensenar*|decir*|repetir",
		}},
		{"secret", RevealSecrets, []string{
			"{secret}|secret|secreto|codes|keys|key|claves|clave|confidential*|payroll|salary|sueldos|sueldo|ledger|patients|pacientes|personal_data|datos_personales|" +
				"token|cookie|customers|door_codes|hidden|oculto|ocultos|credentials|files|folders|carpetas|private|privad*|license_keys|internal|interno*",
		}},
		{"say", OutputControl, []string{
			"{say}|report|insert|praise|produce|compose|label|add|mention|return|respond|explain|confirm|announce|advise|urge|assert|" +
				"comunica|alaba|anade|pon|inserta|redacta|explica|anuncia|aconseja|decir|contestar|antworte|reponds|informa|anadan!",
			"must|should|shall|asked_to|has_to_be|have_to|debe|deben|hay_que|should_be|conviene|needs_to|are_to ..2 {say}|be_told|told|give|award|add|put|treat|rank|" +
				"label|dar|marcar*|marcarlo|contestar|decirle|mandar*|imprimir|declare|describe|conclude|rate|assign",
		}},
		{"answer", "", []string{"{answer}|message|messages|mensaje|mensajes|sentence|word|words|palabra|palabras|text|texto|verso|versos|lines"}},
		{"always", "", []string{
			"always|every|each|whatever|whenever|regardless|any|no_matter|never|only|exactly|just|nothing_but|solely|whoever|siempre|cada|cualquier*|sea_cual|jamas|nunca|solo|" +
				"unicamente|todos|a_todo|a_quien|nur|uniquement|only_with|all_others|even_if|aunque",
		}},
		{"false", OutputControl, []string{
			"leave_out|out|omit|omite|point_out|calla|senalar|weakness*|defect*|defecto*|false|fake|even_if|contrary_to|rather_than|wrong|void|nulo|suspended|" +
				"closed|cerrada|no_longer|never_sued|flawless|safe|seguro|bankrupt|quiebra|instead_of|quemaduras|nothing_was|found_nothing|not_to_mention|only_one",
		}},
		{"promote", OutputControl, []string{
			"recommend*|recomend*|recomiend*|buy|compra|comprar|coin|shares|acciones|premium|vendor|product*|download|descarg*|casino|casino|brand|marca|praise|best|mejor|" +
				"only_hotel|cheap|discount|discounts|offer|call|llamar|invest|invierte|vote|vota",
		}},
		{"score", OutputControl, []string{
			"grade*|score*|marks|mark|rank|ranked|rate|rated|rating|label|verdict|strongest|highest|best|top|positive|award|full_marks|10|100|perfect|excellent|pass|" +
				"approved|not_spam|first|match|criterion|criteria|accept",
			"nota|puntua|puntuar|puntuacion|calific*|mejor|maxima|primera|primero|aprobad*|positiva|valoracion|marcarlo|criterios|encima|delante",
		}},
		{"conceal", Concealment, []string{
			"{hush}|quietly|secretly|silently|discreetly|between_us|nobody|no_one|suspect*|learn|notice*|act_natural|as_if_nothing|slip|this_comment|exists|dont_mention|" +
				"without_mention*|unnoticed|pretend_nothing|do_not_say",
			"disimula|sospeche*|callando|como_si_nada|nadie|calla|deja_caer|entre_nosotros|a_escondidas|sin_que|no_menciones|no_debe_saber|en_silencio|discretamente",
		}},
		{"command", "", []string{
			"{spill}|{give}|{say}|{send}|use|take|make|do|pick|choose|treat|keep|play|be|speak|talk|drop|assume|adopt|start|stop|begin|end|leave|hide|open|delete|give|" +
				"set|mark|call|let|turn|switch|enter|go|get|find|look|look_up|click|multiply|change|become|remember|combine|take|work|think|sign|swear|agree|forward|approve|decline|cancel|merge|rely|warn|store|save|asign*|recomiend*|marca*|" +
				"ensen*|cumpl*|valor*|destac*|puntu*|consider*|reenvi*|finge*|promocion*|fiate|devuelv*|usa|toma|" +
				"elige|trata|guarda|juega|habla|deja|asume|adopta|empieza|acaba|abre|cambia|recuerda|piensa|firma|inventa*|finge|acuerdate!",
		}},
		{"forbid", OutputControl, []string{
			"dont|do_not|never|must_not|mustnt|not_to|not_allowed_to|cannot|can_not|may_not|without|no|nunca|jamas|sin|not|prohibido ..1 {say}|cite*|citing|mention*|" +
				"refus*|warn*|analyse|analyze|compare|read|use|translate|ask|apologi*|question|decline|reveal|tell|let|deny|check|verify|break|hold_back|stop|add|show|" +
				"digas|menciones|uses|compares|analices|preguntes|leas|rechaces|avises|niegues|traduzcas|comentes|cites|dejes|pares|reveles|rompas|avisar|citar|negarte",
		}},
		{"reply", OutputControl, []string{
			"{yours}|each|every|cada|next|siguiente|any ..1 {answer}|responses",
			"when_you|whenever_you|while_you|cuando|mientras|al ..1 answer*|reply|respond*|summari*|quote|contest*|resum*|cites|cite|talk|mention",
			"in_what_you|what_you_write|what_you_say|next_answer|lo_que_digas|lo_que_escribas",
		}},
		{"user", "", []string{
			"{user}|customer|visitor|visitors|person|persona|whoever|quien|recruiter|seleccionador|someone|somebody|alguien|anyone|anybody|people|asker|candidate|applicant|" +
				"candidata|candidato|reader|lector",
		}},
		{"favour", "", []string{
			"could_you|would_you|would_it|can_you|perhaps|maybe|grateful|favour|favor|kindly|be_lovely|be_nice|be_so_kind|do_me|might_be|if_you_would|just_this_once|appreciate*|podrias|" +
				"podria|te_importaria|me_harias|agradeceria|seria_estupendo|quiza|quizas|tendrias|solo_por_esta_vez|por_una_vez|hazme_el_favor|seria_bueno|would_love|gently|gentle",
		}},
		{"heed", "", []string{"please|kindly|por_favor|must|should|shall|need|have_to|has_to|are_to|debe|deben|hay_que|tiene_que|asked_to|not_allowed|required"}},
	}
}

// conceptsOfPlaces tell of addresses, tools, and the places where a text stands.
func conceptsOfPlaces() []concept {
	return []concept{
		{"link", ExfiltrationLink, []string{"<url>|<mail>|webhook|hooks|endpoint|link|enlace|address|direccion|url|pixel|image|imagen|markdown"}},
		{"leak", ExfiltrationLink, []string{"<leakurl>"}},
		{"send", ExfiltrationLink, []string{
			"{send}|mail|share|pass_on|pass_them|deliver|post|upload|append|fetch|load|open|connect|close|visit|exfiltrate|turn_it|build|put|download|manda|mandalo|sube|" +
				"adjunta|descarga|cierra|abre|visita|comparte|coge!",
		}},
		{"talk", ExfiltrationLink, []string{
			"{talk}|transcript|chat|history|historial|cookie|session|conversation|notes|notas|mailbox|correo",
			"user|users|person|persona|usuario|visitor|reader|reader's|readers ..3 said|typed|wrote|asked|token|data|name|email|e|dicho|escrito|input|has",
		}},
		{"tool", ToolAbuse, []string{
			"tool|tools|function|plugin|plug_in|connector|shell|interpreter|herramienta*|funcion|complemento|conector|action:|call:|arguments|parameters|parameters:|" +
				"arguments:|args|function_call|tool_call|input:|<call>|observation|payment|cat_etc",
			"call|invoke|run|execute|trigger|schedule|transfer|delete|remove|grant|purchase|llama|invoca|ejecuta|programa|transfiere|borra|elimina|wire!",
		}},
		{"unasked", ToolAbuse, []string{
			"without_asking|dont_ask|do_not_ask|dont_wait|do_not_wait|without_approval|without_confirm*|already_agreed|agreed_beforehand|already_been_verified|ask_again|" +
				"without_checks|no_confirmation|no_preguntes|no_esperes|sin_preguntar|visto_bueno|ya_ha_sido|sin_comprobar|sin_confirmar|already_approved|already_verified",
		}},
		{"mark", RoleMarker, []string{
			"<role>|<close>",
			"instruction:|response:|system:|user:|assistant:|human:|instruccion:|respuesta:|usuario:|asistente:|sistema:|role:|content:|operator:|admin:",
			"end|fin|end_of ..1 of|del|de ..2 context|contexto|document|documents|documento|data|datos|prompt|rules|instructions",
		}},
	}
}
