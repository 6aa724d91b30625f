/** Dutch, for the page that takes the papers. Words for the places between braces are filled in. */

export const nl = {
  h: "Sleutels van papier",
  "start.p":
    "Met deze pagina brengen twee mensen die papieren bewaren een sleutel terug. Zij heeft geen netwerk nodig, bewaart niets en stuurt niets weg.",
  "start.online":
    "Deze computer heeft verbinding met een netwerk. Trek de kabel eruit en zet de wifi uit voor je verdergaat.",
  "start.clock": "Volgens deze computer is het {t}. Op die dag beginnen bewijzen: klopt dat?",
  "start.alone": "Zorg dat niemand meekijkt, ook geen camera.",
  "start.file": "Het bestand recovery.json van de beheerder",
  "start.none": "Kies eerst het bestand.",
  go: "Verder",
  back: "Opnieuw beginnen",
  busy: "Een ogenblik.",
  compare: "Is dit jullie hoofdsleutel?",
  "compare.p":
    "Dit zijn de cijfers van de hoofdsleutel van {name}. Vergelijk ze met wat je opschreef toen hij gemaakt werd, en niet met iets van een computer.",
  "compare.no": "Andere cijfers? Stop hier. Dit bestand is niet van jullie organisatie, of iemand heeft het veranderd.",
  "compare.go": "Ze zijn hetzelfde",
  task: "Wat hebben jullie nodig?",
  "task.lead": "{name} toelaten als dienstleider",
  "task.lead.p": "Als het hele team zijn wachtzinnen kwijt is. Twee papieren van de herstelsleutel.",
  "task.none":
    "In dit bestand wacht niemand om dienstleider te worden. De beheerder maakt eerst een uitnodiging: luwte recovery invite.",
  "task.unready":
    "Met dit bestand kun je geen dienstleider toelaten: er heeft zich nog geen leider aangemeld sinds de papieren dat kunnen.",
  "task.days": "Nieuwe dagen voor de sleutel waarmee leiders mensen toelaten",
  "task.days.p": "Hij eindigt op {t}. Twee papieren van de hoofdsleutel geven er een jaar bij.",
  "task.look": "Kijken of alles opengaat",
  "task.look.p":
    "Een oefening, een keer per jaar. Twee papieren van de herstelsleutel. Er wordt niets gemaakt en niets veranderd.",
  "task.root": "Een nieuwe hoofdsleutel",
  "task.root.p": "Als papieren kwijt of gezien zijn. Twee papieren van de hoofdsleutel; hij ondertekent de nieuwe.",
  "task.lost": "Een nieuwe hoofdsleutel zonder de oude",
  "task.lost.p":
    "Alleen als twee papieren van de hoofdsleutel kwijt zijn. Niets bewijst dan dat de nieuwe klopt: iedereen moet de cijfers opnieuw vergelijken.",
  "task.papers.1": "Nieuwe papieren van de hoofdsleutel",
  "task.papers.2": "Nieuwe papieren van de herstelsleutel",
  "task.papers.p":
    "Als er een papier kwijt is. De sleutel blijft dezelfde. Oude papieren brengen hem nog terug, dus verbrand ze.",
  who: "Is het {name}?",
  "who.p":
    "Bel {name}, en laat de cijfers van het scherm voorlezen. Je kent de stem. Ga alleen verder als de cijfers hetzelfde zijn: wie deze sleutels heeft, leest straks alles.",
  "who.no": "Andere cijfers, of een andere stem? Stop hier. Iemand anders zou de sleutels krijgen.",
  "who.go": "Het klopt, en de cijfers zijn hetzelfde",
  "share.1": "{key}: het eerste papier",
  "share.2": "{key}: het tweede papier",
  "share.p": "Alleen wie dit papier bewaart, zit hier nu. Typ de acht regels. Vier letters van elk woord zijn genoeg.",
  "share.show": "Ik heb mijn papier klaar",
  "share.first": "Het eerste papier opnieuw typen",
  "papers.p": "Er zijn drie nieuwe papieren. De een na de ander kijkt, schrijft op, en typt twee regels terug.",
  "lost.p":
    "De oude hoofdsleutel ondertekent deze niet. Ga alleen verder als er echt twee papieren kwijt zijn, en vertel het aan iedereen die de oude cijfers kent.",
  look: "Wat de papieren openen",
  "look.whole": "Alles gaat open. Er is niets gemaakt, en er is geen bestand om mee te nemen.",
  "look.broken":
    "Niet alles gaat open. Vertel het vandaag aan de leiders en de beheerder: zonder deze sleutel helpen de papieren niet.",
  "look.admin": "De sleutel waarmee leiders mensen toelaten",
  "look.team": "Team {team}, sleutel {n}",
  "look.signed": "gaat open, en het is de goede sleutel",
  "look.opens": "gaat open; in dit bestand staat niet welke sleutel het is",
  "look.fails": "gaat niet open, of is een andere sleutel",
  done: "Breng het bestand naar de beheerder",
  "done.papers": "De nieuwe papieren zijn klaar",
  "done.papers.p": "Verbrand alle oude papieren van deze sleutel, waar je bij bent. Met twee ervan komt hij nog terug.",
  "done.p": "Bewaar het op een stick. Er staat niets geheims in: wie het vindt, kan er niets mee openen.",
  "done.save": "{file} bewaren",
  "done.lead":
    "De beheerder geeft in: luwte recovery import admission.json. Daarna meldt de nieuwe dienstleider zich aan.",
  "done.days": "De beheerder geeft in: luwte recovery import admin-days.json",
  "done.root":
    "De beheerder geeft in: luwte recovery import successor.json, en dan luwte pin root.pub. Lees deze cijfers voor, en schrijf ze op elk papier. Verbrand daarna de oude papieren.",
  "done.close": "De sleutels zijn van deze pagina verdwenen. Sluit de pagina, en zet de computer uit.",
  "w.claims": "Dit is geen bestand voor deze pagina, of iemand heeft het veranderd. Vraag een nieuw.",
  "w.other_key": "Dit papier is van een andere sleutel dan nu nodig is.",
  "w.other_set": "Deze twee papieren horen niet bij dezelfde reeks. Kijk naar de reeks boven op elk papier.",
  "w.twice": "Dit is nog een keer hetzelfde papier. Het papier van iemand anders is nodig.",
  "w.wrong":
    "Deze twee papieren brengen de sleutel niet terug. Kijk of allebei van deze organisatie zijn, en typ ze opnieuw.",
  "w.few": "Er is nog een papier nodig, en deze pagina kent er maar twee.",
  "w.version": "Dit papier is gemaakt door een latere Luwte dan deze pagina.",
  "w.slip": "Regel {n} is niet zoals die opgeschreven is.",
  "w.wraps":
    "Wat de server voor deze sleutel bewaarde, gaat niet open. Het bestand is beschadigd, of iemand heeft het veranderd.",
  "w.unready": "In dit bestand heeft de server geen sleutel om iemand toe te laten.",
  "w.ended": "De sleutel waarmee leiders mensen toelaten is voorbij. Geef hem eerst nieuwe dagen.",
  "w.failed": "Dat lukte niet. Begin opnieuw.",
} as const;
