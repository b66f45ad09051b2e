package text

import (
	"strings"
	"sync"
)

// The stop words of each language: articles, pronouns, prepositions, conjunctions, auxiliary verbs, the words that
// questions are asked with, and what is left of contractions. Words that carry a topic in some field stay out of the
// lists. Forms without accents are added when the lists are read, since people type without them.
const (
	englishStops = `a an the this that these those such same other another each every either neither both all any some
	no none not nor only own very too so than then there here just also still even quite rather
	i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself
	it its itself they them their theirs themselves one ones
	am is are was were be been being do does did doing done have has had having can could may might must shall should will would
	and or but if because as while although though whether unless until since
	of at by for with about against between into through during before after to from in on out
	again once upon among per via within without onto toward towards
	what which who whom whose when where why how
	don't doesn't didn't isn't aren't wasn't weren't hasn't haven't hadn't can't cannot couldn't won't wouldn't shan't
	shouldn't mustn't mightn't needn't ain't i'm i've i'd i'll you're you've you'd you'll he'd he'll she'd she'll it'd it'll
	we're we've we'd we'll they're they've they'd they'll that'll that'd there'd there'll who'd who'll who're what're
	what'll how'd let's dont doesnt didnt isnt arent wasnt werent cant couldnt wouldnt shouldnt im ive
	eg ie etc`

	spanishStops = `el la lo los las un una unos unas al del
	a ante con contra de desde durante en entre hacia hasta mediante para por según sin sobre tras
	y e o u ni que pero mas sino aunque porque pues si como cuando donde mientras
	yo me mí tú te ti él ella ello ellos ellas nos nosotros nosotras vosotros vosotras os se sí le les usted ustedes
	mi mis tu tus su sus nuestro nuestra nuestros nuestras vuestro vuestra vuestros vuestras suyo suya suyos suyas
	este esta esto estos estas ese esa eso esos esas aquel aquella aquello aquellos aquellas
	qué quién quiénes cuál cuáles cómo cuándo cuánto cuánta cuántos cuántas dónde adónde quien quienes cual cuales
	cuanto cuanta cuantos cuantas cuyo cuya cuyos cuyas
	no ya más muy también tampoco tan tanto así sólo solo otro otra otros otras mismo misma mismos mismas cada todo toda
	todos todas algún alguno alguna algunos algunas ningún ninguno ninguna
	ser es soy eres somos son era eras éramos eran fue fui fuiste fuimos fueron sea sean siendo sido fuera fueran
	sería serían será serán
	estar está estás están estoy estamos estaba estaban estuvo estuvieron esté estén
	haber ha he has han hemos había habían hay hubo hubieron haya hayan habrá habrían habría
	hace hacen hacer hizo hacía puede pueden podía debe deben`

	portugueseStops = `o a os as um uma uns umas ao aos à às do da dos das no na nos nas num numa nuns numas pelo pela pelos
	pelas dum duma deste desta destes destas desse dessa desses dessas neste nesta nestes nestas nesse nessa nisso nisto disso
	disto àquele àquela daquele daquela naquele naquela
	de em por para com sem sob sobre entre até após desde contra durante perante ante
	e ou nem mas que se porque pois como quando onde enquanto embora
	eu me mim tu te ti você vocês ele ela eles elas nós vós nos vos lhe lhes si se consigo
	meu minha meus minhas teu tua teus tuas seu sua seus suas nosso nossa nossos nossas
	este esta estes estas isto esse essa esses essas isso aquele aquela aqueles aquelas aquilo
	quê quem qual quais quanto quanta quantos quantas cujo cuja cujos cujas
	não sim já mais muito também tão só cada todo toda todos todas outro outra outros outras mesmo mesma algum alguma
	alguns algumas nenhum nenhuma
	ser é és são sou somos era eram foi fui foram fosse seja sejam sendo sido será serão seria seriam
	estar está estão estou estava estavam esteve esteja
	ter tem têm tinha tinham teve tenha há havia houve haver foram pode podem deve devem`

	frenchStops = `le la les l un une des du de d au aux
	à dans par pour en vers avec sans sous sur entre chez depuis pendant avant après contre dès jusque
	et ou ni mais donc or car que qu si comme quand lorsque puisque
	l d je j me m moi tu te t toi il elle on nous vous ils elles se s soi lui leur leurs eux y
	mon ma mes ton ta tes son sa ses notre nos votre vos
	ce c cet cette ces cela ça ceci celui celle ceux celles
	qui quoi dont où quel quelle quels quelles lequel laquelle lesquels lesquelles combien comment pourquoi
	ne n pas plus moins très aussi même mêmes tout toute tous toutes autre autres chaque aucun aucune quelque quelques
	être est es suis sommes êtes sont était étaient étais fut furent sera seront serait seraient soit soient été étant
	avoir ai as a avons avez ont avait avaient eut aura auront aurait ait aient eu ayant
	fait faire font peut peuvent doit doivent`

	germanStops = `der die das den dem des ein eine einer eines einem einen kein keine keiner keines keinem keinen
	an auf aus bei bis durch für gegen hinter in im ins am ans beim vom zum zur mit nach neben ohne seit über um unter von vor
	zu zwischen während wegen
	und oder aber denn sondern dass daß ob weil wenn als wie damit obwohl
	ich mich mir mein meine meiner meines meinem meinen du dich dir dein deine deiner er ihn ihm sie es wir uns unser unsere
	unserer ihr euch euer eure ihre ihrer ihres ihrem ihren sein seine seiner seines seinem seinen sich man
	dieser diese dieses diesem diesen jener jene jenes jenem jenen solche solcher welche welcher welches welchem welchen
	was wer wen wem wessen wann wo woher wohin warum wieso weshalb wieviel
	nicht nichts auch nur noch schon sehr so da dort hier dann mehr andere anderer anderes anderen alle aller alles allen
	jede jeder jedes jedem jeden selbst
	bin bist ist sind seid war waren wäre wären sei gewesen werde wird werden wurde wurden würde würden worden
	habe hat haben hatte hatten hätte kann können konnte konnten muss müssen soll sollen sollte will wollen darf`

	italianStops = `il lo la i gli le l un uno una
	di a da in con su per tra fra d del dello della dell dei degli delle al allo alla all ai agli alle dal dallo dalla dall
	dai dagli dalle nel nello nella nell nei negli nelle sul sullo sulla sull sui sugli sulle col coi
	e ed o od né ma se che perché poiché come quando dove mentre anche
	d c n s io me mi tu te ti lui lei noi ci voi vi loro si sé ne egli ella esso essa essi esse
	mio mia miei mie tuo tua tuoi tue suo sua suoi sue nostro nostra nostri nostre vostro vostra vostri vostre
	questo questa questi queste quest quello quella quelli quelle quell quel quei ciò
	chi cui quale quali qual quanto quanta quanti quante cosa cos dov com perche
	non più molto così già solo ogni tutto tutta tutti tutte altro altra altri altre stesso stessa
	essere è sono sei siamo siete era erano fu furono sia siano sarà saranno sarebbe essendo
	avere ho hai ha abbiamo avete hanno aveva avevano ebbe abbia abbiano avrà avuto
	può possono deve devono viene vengono`
)

// stopLists is read once, on first use.
var stopLists = sync.OnceValue(func() map[Language]map[string]bool {
	lists := make(map[Language]map[string]bool)
	for language, words := range map[Language]string{
		English: englishStops, Spanish: spanishStops, Portuguese: portugueseStops,
		French: frenchStops, German: germanStops, Italian: italianStops,
	} {
		list := make(map[string]bool)
		for word := range strings.FieldsSeq(words) {
			list[word] = true
			list[fold(word)] = true
		}
		lists[language] = list
	}
	return lists
})

// isFunctionWord reports whether word, in lower case, is a stop word of any language.
func isFunctionWord(word string) bool {
	if len(word) == 1 && !strings.Contains("aeioy", word) {
		return false // what elision leaves, rather an initial
	}
	for _, list := range stopLists() {
		if list[word] {
			return true
		}
	}
	return false
}
