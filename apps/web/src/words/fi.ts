import { liveScore, ranksText } from "@tutti/core";
import type { EvaluationPoint, Status } from "@tutti/protocol";
import { roundedSeconds } from "../join/estimates.ts";
import { countsIn, formatsIn } from "./formats.ts";
import type { Words } from "./sentences.ts";

const formats = formatsIn("fi", [{ one: "tavu", other: "tavua" }, "kt", "Mt", "Gt", "Tt"]);
const count = countsIn("fi");
const { bytes, whole } = formats;

const tabs = { one: "välilehti", other: "välilehteä" };
const devices = { one: "laite", other: "laitetta" };
const examples = { one: "esimerkki", other: "esimerkkiä" };

const energyKinds = { phone: "puhelin", tablet: "tabletti", laptop: "kannettava", computer: "kannettava tai pöytäkone" };
const wattHours = (value: number) => formats.fixed(value, value >= 10 ? 0 : value >= 1 ? 1 : 2);
const threadForms = { one: "säie", other: "säiettä" };
const rows = { one: "rivi", other: "riviä" };
const texts = { one: "teksti", other: "tekstiä" };
const backends = { webgpu: "Grafiikkasuoritin", wasm: "Suoritin", cpu: "Suoritin, pelkkä JavaScript" };

function roundOf({ round, numRounds }: Status): string {
  return `kierros ${Math.max(1, round)}/${Math.max(numRounds, round)}`;
}

function ofTexts({ numExamples }: EvaluationPoint): string {
  if (numExamples === undefined) return "teksteistä";
  return numExamples === 1 ? "yhdestä tekstistä" : `${whole(numExamples)} tekstistä`;
}

function newcomer(point: EvaluationPoint): string {
  const score = point.text === undefined ? null : liveScore(point.text);
  const alone = "pelkillä yhteisillä parametreilla, joita uudella laitteella vain on.";
  if (score === null) return `${ofTexts(point)}, joilla kukaan ei ole opettanut mallia, saa oikean luokan ${alone}`;
  return score.metric === "rougeL"
    ? `kertoo asteikolla 0–1, kuinka hyvin tuotetut vastaukset vastaavat mallivastauksia teksteissä, joilla kukaan ei ole opettanut mallia, ${alone}`
    : `vastausten sanapaloista (${ofTexts(point)}), joilla kukaan ei ole opettanut mallia, ennustetaan oikein ${alone}`;
}

/** Every sentence in Finnish, to one person whom it calls sinä. */
export const finnish: Words = {
  roundOf,
  promise: "Lainaa tämä välilehti. Opetetaan kielimalli yhdessä.",
  deviceMeaning: "Laite on yksi osallistuja, jolla on omat esimerkkinsä; välilehdelläsi voi olla monta laitetta.",
  footer: {
    about: "Tutti tarkoittaa ”kaikki yhdessä”. Malli on esiopetettu muualla; esimerkit pysyvät sillä välilehdellä, joka opettaa niillä.",
    thisServer: "Se on yhteydessä vain tähän palvelimeen.",
    otherServer: (host) => `Se on yhteydessä tähän palvelimeen ja lataa mallin osoitteesta ${host}.`,
  },
  pageLinks: {
    label: "Tämän ajon sivut",
    join: "Osallistu",
    stage: "Lava",
    try: "Kokeile",
    elsewhere: "(avaa toisen välilehden)",
  },
  formats,
  languageChoice: { label: "Kieli", failed: "Kielen tiedosto ei tullut perille. Yritä uudelleen." },
  connectionNames: {
    offline: "ei yhteyttä",
    connecting: "yhdistetään",
    online: "yhteydessä",
    retrying: "yhdistetään uudelleen",
    unapproved: "odottaa pääsyä",
    stopped: "ajo on pysäytetty",
  },
  plansCard: {
    title: "Suunnitelmat",
    heads: ["Laite", "Nopeus", "Muisti", "Yhteys", "Bitit", "Erä", "Asteet × matriisit", "Aika", "Käyttämättä"],
    cells: ({ deviceId, machine, bits, batchSize, ranks, seconds, memoryBytes, underUse }) => [
      String(deviceId),
      `${formats.number(machine.flopsPerSecond / 1e9)} Gflop/s`,
      `${bytes(memoryBytes)} / ${bytes(machine.memoryBytes)}`,
      `${bytes(machine.bytesPerSecond)}/s`,
      String(bits),
      String(batchSize),
      ranksText(ranks.filter((rank) => rank > 0)),
      formats.seconds(seconds),
      formats.percent(Math.max(0, underUse)),
    ],
    note:
      "Kukin laite opettaa niin monta matala-asteista osaa kuin sen kone ja yhteys jaksavat. Nopeuden, muistin ja yhteyden jokainen välilehti " +
      "ilmoittaa itse; aika on kierroksen odotettu kesto, ja käyttämättä jää kierroksen loppu.",
    leftOut: (deviceId, reason) => `Laite ${deviceId} ei ole mukana tällä kierroksella: ${reason}.`,
  },
  taskTitles: {
    "feedback/sentiment": "Asiakaspalaute: kehu vai valitus?",
    "feedback/topic": "Asiakaspalaute: mistä se kertoo?",
    replies: "Asiakaspalaute: mitä vastaisit?",
  },
  landing: {
    lead: "Paina ”Lähde mukaan”: tämä välilehti opettaa sitten pientä osaa mallista esimerkeillään ja lähettää takaisin sen, mitä se on oppinut. Voit pitää tauon tai poistua milloin vain.",
    join: "Lähde mukaan",
    joinHereToo: "Lähde mukaan täälläkin",
    downloads: (newBytes, keptBytes) => {
      if (newBytes === 0) return "Ladattavaa ei ole: tässä selaimessa on jo kaikki.";
      const rest = keptBytes === 0 ? ", kerran" : `; muut ${bytes(keptBytes)} ovat jo täällä`;
      return `Lataa ${bytes(newBytes)}${rest}.`;
    },
    codeWord: "Koodisana",
    codeWordNote: "Se on saamassasi linkissä, tai ylläpitäjä kertoo sen sinulle.",
    name: "Nimesi tässä ajossa",
    nameNote: "Vapaaehtoinen. Kaikki ajon osallistujat näkevät sen; tämä selain muistaa sen.",
    needsInvitation: "Tähän ajoon pääsee kutsulla. Avaa kutsusi linkki; kullakin linkillä pääsee mukaan yksi selain.",
    finished: "Tämä ajo on valmis",
    finishedNote: "Opetettavaa ei enää ole. Kiitos kaikille osallistuneille. Katso, kuinka hyvin malli oppi, tai anna sen vastata sinulle.",
    seeResults: "Katso tulokset",
    tryModel: "Kokeile mallia",
    looking: "Etsitään ajoa…",
    whichExamples: "Millä esimerkeillä tämä välilehti opettaa mallia?",
    share: "Osalla ajon esimerkeistä",
    shareNote: "Sinun ei tarvitse valmistella mitään.",
    own: "Omilla esimerkeilläni",
    ownNote:
      "Kirjoitettuina, liitettyinä tai tiedostosta. Ne pysyvät tässä selaimessa; palvelimelle kerrotaan vain, kuinka monta niitä on.",
    countsUpTo: (limit) => ` Niistä lasketaan enintään ${count(limit, examples)}.`,
    needsExamples: "Lisää ensin ainakin yksi esimerkki.",
    textTask: (title) =>
      `”${title}” vaatii sanallisia vastauksia, ja tämä sivu ottaa omia esimerkkejä vain, kun kullakin on luokka. Ota osa ajon esimerkeistä.`,
  },
  programme: {
    title: "Tämä ajo",
    purpose: "Mitä varten",
    host: "Kuka ajaa",
    nobodySaid: (address) => `Palvelin osoitteessa ${address}; se ei kerro nimeä.`,
    model: "Malli",
    download: "Lataus",
    downloadOf: (modelBytes, scriptBytes) => `malli ${bytes(modelBytes)} ja ohjelma ${bytes(scriptBytes)}, kerran`,
    downloadLeft: (newBytes, keptBytes) =>
      newBytes === 0
        ? `Ei mitään: ${bytes(keptBytes)} on jo tässä selaimessa`
        : `${bytes(newBytes)}; ${bytes(keptBytes)} on jo tässä selaimessa`,
    modelUnknown: "Mallin kokoa ei vielä tiedetä.",
    duration: "Kuinka kauan",
    waiting: (steps) =>
      `Ei ole vielä alkanut; tehtävänä ${count(steps, { one: "vaihe", other: "vaihetta" })}. Kesto tiedetään ensimmäisen opetusvaiheen jälkeen.`,
    running: (numDone, numSteps) =>
      `Tehty ${whole(numDone)}/${count(numSteps, { one: "vaihe", other: "vaihetta" })}. Loppujen kesto tiedetään ensimmäisen opetusvaiheen jälkeen.`,
    left: (seconds, numDone, numSteps) =>
      `Vielä noin ${formats.seconds(seconds)}; tehty ${whole(numDone)}/${count(numSteps, { one: "vaihe", other: "vaihetta" })}.`,
    unknown: "Kunnes ajo on valmis tai kunnes poistut.",
    here: "Paikalla nyt",
    tabs: (numTabs) => (numTabs === 0 ? "Ei vielä ketään" : count(numTabs, tabs)),
  },
  privacy: {
    sentTitle: "Mitä tältä välilehdeltä lähtee",
    parameters: "Parametrit, joita se opettaa yhteisissä kerroksissa.",
    measurements: "Mittaustuloksia: häviö, tarkkuus, esimerkkien määrä ja se, millä se laskee.",
    states: "Kopio sen omien kerrosten parametreista; palvelin säilyttää sen, jotta toinen välilehti voi jatkaa, kun tämä suljetaan.",
    machine:
      "Kuinka nopeita tämä tietokone ja sen yhteys ovat ja kuinka paljon muistia siinä suunnilleen on. Kaikki ajon osallistujat näkevät sen.",
    maybeMachine: "Jos ajo suunnittelee työn laitteittain: kuinka nopea tämä tietokone on ja kuinka paljon muistia siinä suunnilleen on.",
    name: "Nimesi, jos annat sen.",
    neverTitle: "Mikä ei lähde koskaan",
    examples: "Esimerkkisi: ei sanaakaan niistä.",
    layers: "Muiden kuin yhteisten kerrosten parametrit.",
    rest: "Mikään muu tällä tietokoneella. Tämä sivu ei seuraa sinua.",
    keptTitle: "Mitä tämä selain säilyttää",
    kept: "Mallin ja paikkasi ajossa, jotta voit palata. ”Poistu ja poista tietoni” poistaa paikkasi täältä ja palvelimelta.",
    stop: "Kun poistut tai suljet välilehden, opetus päättyy täällä. Se, mikä on jo laskettu malliin, jää siihen.",
    keptOwn: "Omat esimerkkisi, jos lisäät niitä, kunnes painat ”Unohda kaikki”.",
    keptNothing: "Ei mitään: sen asetukset estävät sen. Uudelleenlatauksen jälkeen välilehti aloittaa alusta.",
  },
  preflight: {
    title: "Tämä laite",
    looking: "Katsotaan, mihin tämä laite pystyy…",
    names: { backend: "Laskee", speed: "Nopeus", memory: "Muisti", storage: "Tallennustila", battery: "Akku" },
    asked: (backend) => `${backends[backend]}, koska tämän sivun osoite pyytää sitä.`,
    backends,
    remembered: (backend, threads) =>
      `${backend === "webgpu" ? "Grafiikkasuoritin" : `Suoritin, ${count(threads, threadForms)}`}: se oli nopein, kun tämä selain mittasi.`,
    measured: (threads) =>
      `Grafiikkasuoritin tai suoritin (${count(threads, threadForms)}): molemmat mitataan kerran, kun lähdet mukaan, ja nopeampaa käytetään.`,
    software: (threads) =>
      `Luultavasti suoritin, ${count(threads, threadForms)}: tämä selain tarjoaa vain ohjelmallisesti jäljitellyn grafiikkasuorittimen.`,
    noGpu: (threads) => `Suoritin, ${count(threads, threadForms)}.`,
    plainHttp: "Suoritin, yksi säie, koska tämä sivu tuli tavallisella http-yhteydellä.",
    mend: {
      openHttps: "Avaa ajon https-linkki, jos sellainen on: silloin sivu voi käyttää grafiikkasuoritinta ja kaikkia säikeitä.",
      firefoxNew: "Firefox: päivitä versioon 141 tai uudempaan, niin voit käyttää grafiikkasuoritinta.",
      firefoxFlag:
        "Firefox: ota dom.webgpu.enabled käyttöön sivulla about:config ja lataa uudelleen, jos haluat kokeilla grafiikkasuoritinta.",
      chromeFlag:
        "Chrome: ota chrome://flags/#enable-unsafe-webgpu käyttöön ja käynnistä uudelleen, jos haluat kokeilla grafiikkasuoritinta.",
      chromeNew: "Päivitä tämä selain versioon 113 tai uudempaan, niin voit käyttää grafiikkasuoritinta.",
      safari: "Safari: versio 26 tai uudempi voi käyttää grafiikkasuoritinta.",
      hardware: "Jos tässä tietokoneessa on grafiikkasuoritin, ota grafiikkakiihdytys käyttöön selaimen asetuksissa.",
      notIsolated: "Useampi säie vaatii palvelimelta eristysotsakkeet; palvelimen ylläpitäjä löytää ne tiedostosta docs/deploy.md.",
      closeOthers: "Sulje muita välilehtiä ja ohjelmia, tai osallistu tietokoneella, jossa on enemmän muistia.",
      room: "Vapauta tilaa, muuten malli ladataan uudelleen joka käynnillä.",
      privateWindow: "Käytä tavallista ikkunaa, jos haluat palata myöhemmin.",
      allowStorage: "Anna tämän sivuston tallentaa tietoja, jos haluat palata myöhemmin.",
      plugIn: "Kytke laturi, tai lopeta milloin haluat.",
    },
    speed: (gigaflops, cores) =>
      `Noin ${formats.digits(gigaflops, 2)} miljardia laskutoimitusta sekunnissa ${cores === 1 ? "sen ainoalla ytimellä" : `yhdellä sen ${whole(cores)} ytimestä`}`,
    memory: (gib) => `Vähintään ${formats.number(gib)} Gt`,
    lowMemory: (gib, neededBytes) => `Noin ${formats.number(gib)} Gt; tämä malli vie opetuksen aikana noin ${bytes(neededBytes)}.`,
    forwardMemory: (gib, neededBytes) =>
      `Noin ${formats.number(gib)} Gt; opetus vie noin ${bytes(neededBytes)}. Laitteesi kokeilee sen sijaan muutoksia malliin, mikä vie vähemmän, ja lähettää, kuinka hyvin kukin toimi.`,
    storage: (freeBytes) => `${bytes(freeBytes)} vapaana: malli säilyy seuraavaan käyntiin.`,
    storageWorks: "Malli säilyy seuraavaan käyntiin.",
    littleRoom: (freeBytes, neededBytes) => `${bytes(freeBytes)} vapaana; malli tarvitsee ${bytes(neededBytes)}.`,
    privateWindow: "Yksityinen ikkuna: se, mitä se säilyttää, katoaa ikkunan mukana.",
    noStorage: "Tämä selain ei säilytä tältä sivustolta mitään: uudelleenlatauksen jälkeen välilehti aloittaa alusta.",
    battery: (level, isCharging) => `${formats.percent(level)}${isCharging ? ", latautuu" : ""}`,
  },
  otherTab: {
    found:
      "Tämän selaimen toinen välilehti on jo mukana tässä ajossa. Jos lähdet mukaan täälläkin, tämä välilehti lasketaan toiseksi osallistujaksi, ja molemmat jakavat tämän tietokoneen tehon.",
    show: "Näytä se välilehti",
    shown: "Toisen välilehden otsikko alkaa nyt merkillä ▶. Voit sulkea tämän.",
  },
  examplesEditor: {
    typeTitle: "Kirjoita esimerkki",
    text: "Teksti",
    firstText: "Ensimmäinen teksti",
    secondText: "Toinen teksti",
    addAs: "Lisää luokkaan",
    added: (name) => `Lisätty luokkaan ”${name}”.`,
    typeFirst: "Kirjoita ensin teksti ja valitse sitten sen luokka.",
    pasteTitle: "Liitä taulukosta",
    pasteNote: "Kopioi solut, joissa ovat tekstit ja niiden luokat, sarakkeiden nimirivin kanssa tai ilman, ja liitä ne tähän.",
    readPaste: "Lue",
    fileTitle: "Tai valitse CSV-, TSV- tai JSON Lines -tiedosto",
    addedRows: (numRows) => `${count(numRows, examples)} lisätty.`,
    counts: (numExamples, classes) =>
      `${count(numExamples, examples)}: ${classes.map(({ name, count: ofClass }) => `${whole(ofClass)} ${name}`).join(", ")}`,
    oneClass: (name) => `Kaikki ovat luokkaa ”${name}”. Malli oppii enemmän, jos lisäät toisen luokan esimerkkejä.`,
    textOf: (number) => `Esimerkin ${number} teksti`,
    secondTextOf: (number) => `Esimerkin ${number} toinen teksti`,
    classOf: (number) => `Esimerkin ${number} luokka`,
    remove: (number) => `Poista esimerkki ${number}`,
    previous: "Edellinen",
    next: "Seuraava",
    page: (page, numPages) => `${page}/${numPages}`,
    kept: "Tämä selain säilyttää esimerkit, joten ne eivät katoa, kun sivu ladataan uudelleen.",
    notKept: "Tämä selain ei säilytä mitään: nämä esimerkit katoavat, kun sivu ladataan uudelleen.",
    forget: "Unohda kaikki",
    addAsClass: (name) => `Lisää luokkaan ${name}`,
  },
  sheet: {
    title: (name, numRows) => `${name}: ${count(numRows, rows)}`,
    pasted: "Liitetty",
    columnName: (number) => `Sarake ${number}`,
    columnFor: { text: "Sarake, jossa on teksti", textB: "Sarake, jossa on toinen teksti", label: "Sarake, jossa on luokka" },
    noColumn: "Valitse sarake",
    hasHeader: "Ensimmäisellä rivillä ovat sarakkeiden nimet",
    mappingTitle: "Mitä luokkaa kukin merkintä tarkoittaa?",
    leaveOut: "Jätä pois",
    leftOut: ({ empty, unlabelled, unmapped, unreadable }) => {
      const parts = [
        [empty, "ilman tekstiä"],
        [unlabelled, "ilman luokkaa"],
        [unmapped, "merkintä ei tarkoita mitään luokkaa"],
        [unreadable, "ei luettavissa"],
      ] as const;
      const said = parts.filter(([numRows]) => numRows > 0).map(([numRows, what]) => `${count(numRows, rows)} (${what})`);
      return said.length === 0 ? "" : `Jätetty pois: ${said.join(", ")}.`;
    },
    take: (numRows) => `Lisää ${count(numRows, examples)}`,
    cancel: "Peruuta",
    noRows: "Sarakkeiden nimien alla ei ole rivejä.",
    noLabels: "Jokainen teksti tarvitsee luokan viereisessä sarakkeessa. Valitse se sarake tai kirjoita esimerkit.",
    sameColumn: "Tekstin ja luokan pitää olla eri sarakkeissa.",
    tooManyLabels: (numValues) => `Tässä sarakkeessa on ${whole(numValues)} eri arvoa, liikaa luokiksi. Valitse toinen sarake.`,
    nothingMapped: "Valitse, mitä luokkaa kukin merkintä tarkoittaa; sitten rivit voi lisätä.",
    noRoom: (numRows, room) => `${count(numRows, rows)} on liikaa: tilaa on ${whole(room)} riville. Käytä pienempää osaa tiedostosta.`,
  },
  fileProblems: {
    empty: (file) => `${file} on tyhjä: jokaiselle esimerkille tarvitaan rivi.`,
    tooLarge: (file, numBytes, maxBytes) =>
      `${file}: koko ${bytes(numBytes)}, mutta tämä sivu lukee enintään ${bytes(maxBytes)}. Käytä pienempää osaa siitä.`,
    spreadsheet: (file) =>
      `${file} on taulukkolaskentatiedosto tai ZIP-paketti. Tallenna taulukko CSV-muodossa, tai kopioi sen solut ja liitä ne tähän.`,
    packed: (file) => `${file} on pakattu gzipillä. Pura se ensin.`,
    binary: (file) => `${file} ei ole tekstitiedosto. Tallenna se CSV- tai JSON Lines -muodossa, koodaus UTF-8.`,
    notUtf8: (file) => `${file} ei ole UTF-8-tekstiä. Tallenna se UTF-8-muodossa.`,
    otherKind: (file) => `${file}: tämä sivu lukee tiedostoja, joiden pääte on .csv, .tsv tai .jsonl.`,
  },
  runProblems: {
    silent: "Koordinaattori eli tämän ajon palvelin ei vastaa. Voit silti lähteä mukaan: sivu yrittää yhä uudelleen.",
    status: (code) =>
      `Koordinaattori eli tämän ajon palvelin vastasi virheellä (HTTP ${code}). Voit silti lähteä mukaan: sivu yrittää yhä uudelleen.`,
    notUnderstood: "Tämä sivu ei ymmärrä koordinaattorin vastausta; se voi olla palvelinta vanhempi. Lataa sivu uudelleen.",
  },
  stageNames: {
    score: "Etsitään tärkeät kerrokset",
    count: "Etsitään yhteisten kerrosten määrä",
    train: "Opetus",
  },
  phaseNames: {
    backend: "Valitaan grafiikkasuoritin tai suoritin",
    backbone: "Ladataan kielimallia",
    tokenizer: "Ladataan tokenisoijaa",
    dataset: "Ladataan tämän välilehden esimerkkejä",
    admission: "Tarkistetaan, että tämä tietokone laskee oikein",
  },
  headlines: {
    connecting: "Yhdistetään ajoon",
    unapproved: "Odotetaan pääsyä",
    loading: "Valmistaudutaan",
    waitingForDevice: "Valmiina, odottaa laitetta",
    waitingForTurn: "Valmiina, odottaa vuoroaan",
    pausing: "Tämä tehtävä loppuun, sitten tauko",
    paused: "Tauko",
    retrying: "Koordinaattori ei vastaa",
    replaced: "Toinen välilehti on ottanut paikan",
    finished: "Ajo on valmis",
    left: "Poistuit ajosta",
    reload: "Tämä sivu on vanhentunut",
    failed: "Tämä välilehti ei voi osallistua",
    evaluate: "Testataan, kuinka hyvä malli on",
    score: "Pisteytetään kerroksia",
    probe: "Mitataan, montako kerrosta tarvitaan",
    search: "Etsitään parempaa kehotetta tämän välilehden esimerkeillä",
    edit: "Kokeillaan kehotteeseen muita sanoja tämän välilehden esimerkeillä",
    perturb: "Kokeillaan muutoksia tämän välilehden esimerkeillä",
    train: "Opetetaan tämän välilehden esimerkeillä",
    logits: "Luetaan suurella mallilla",
    distil: "Tislataan suuri malli pieneen",
    answers: "Vastataan raportin viesteihin",
    stopped: "Ajo pysäytettiin",
  },
  othersHeadlines: {
    train: "Valmiina, muut laitteet opettavat",
    evaluate: "Valmiina, muut laitteet testaavat mallia",
    score: "Valmiina, muut laitteet pisteyttävät kerroksia",
    probe: "Muut laitteet mittaavat, montako kerrosta tarvitaan",
    search: "Muut laitteet etsivät parempaa kehotetta",
    edit: "Muut laitteet kokeilevat kehotteeseen muita sanoja",
    perturb: "Muut laitteet kokeilevat muutoksia",
    logits: "Valmiina, suuri malli lukee",
    distil: "Valmiina, suurta mallia tislataan",
    answers: "Valmiina, raportin viesteihin vastataan",
  },
  restHeadlines: {
    user: "Tauko",
    afterTask: "Tauko",
    dataCap: "Tauko: datarajasi on täynnä",
    notCharging: "Lepää, kunnes tämä tietokone latautuu",
    notIdle: "Lepää, kun käytät tätä tietokonetta",
    hidden: "Lepää, kunnes katsot tätä välilehteä",
  },
  restExplanations: (reason, holdSeconds, isHeld) => {
    const why = {
      user: "Tämä välilehti ei tee mitään ennen kuin jatkat, ei myöskään uudelleenlatauksen jälkeen.",
      afterTask: "Tämä välilehti ei saa uutta työtä ennen kuin jatkat, ei myöskään uudelleenlatauksen jälkeen.",
      dataCap: "Jatka, jos sallit vielä saman verran, tai valitse alta suurempi raja.",
      notCharging: "Se jatkaa itsestään, kun laturi on kiinni.",
      notIdle: "Se jatkaa itsestään, kun olet ollut minuutin poissa.",
      hidden: "Se jatkaa itsestään.",
    }[reason];
    return isHeld
      ? `${why} Aloitettu tehtävä odottaa täällä ${formats.seconds(holdSeconds)}; sitten se palautetaan, jotta kukaan ei odota sitä.`
      : why;
  },
  explanations: {
    unapproved: "Ylläpitäjä päästää jokaisen välilehden mukaan erikseen. Jätä tämä välilehti auki: se aloittaa itsestään.",
    retrying:
      "Palvelin voi olla käynnistymässä uudelleen, tai verkko on poikki. Välilehti säilyttää työnsä ja yhdistää itse uudelleen; jätä se auki.",
    replaced: "Toisella tämän selaimen välilehdellä tai ikkunalla on nyt tämän paikka. Sulje tämä välilehti tai käytä sitä toisen sijasta.",
    leftKept: "Kiitos. Tämä selain säilyttää paikkasi siltä varalta, että palaat.",
    deleted: ({ numStates, numControls, numContributions, numSummed }) => {
      const gone = `${count(numStates, { one: "yksityisen tilan", other: "yksityistä tilaa" })}, ${count(numControls, { one: "kontrollimuuttujan", other: "kontrollimuuttujaa" })} ja ${count(numContributions, { one: "päivityksen, jota ei ollut vielä laskettu mukaan", other: "päivitystä, joita ei ollut vielä laskettu mukaan" })}`;
      const stays =
        numSummed === 0
          ? "Mallissa ei ole mitään tältä välilehdeltä."
          : `${count(numSummed, { one: "sen laitteiden päivitys oli", other: "sen laitteiden päivitystä oli" })} jo laskettu mukaan: ne ovat osa mallia, eikä niitä voi ottaa pois.`;
      return `Palvelin on poistanut ${gone} sekä tämän välilehden avaimen ja nimen; tämä selain on poistanut sen laitteet. ${stays}`;
    },
    leftNotKept: "Kiitos. Tämä selain ei säilyttänyt mitään, joten jos palaat, välilehti aloittaa alusta.",
    reloadKept: "Koordinaattorilla on toinen versio tästä sivusta. Lataa sivu uudelleen; välilehden työ säilyy.",
    reloadNotKept:
      "Koordinaattorilla on toinen versio tästä sivusta. Lataa sivu uudelleen; välilehti aloittaa silloin alusta, koska tämä selain ei säilytä mitään.",
    removed: "Ylläpitäjä on poistanut tämän välilehden ajosta.",
    finished: "Kiitos, että lainasit tätä välilehteä. Voit nyt sulkea sen.",
    notBegun: "Ajo alkaa, kun tarpeeksi laitteita on mukana.",
    everyRound: "Joka kierroksella kaikki laitteet ovat mukana. Jätä tämä välilehti auki.",
    someRounds: "Joka kierroksella koordinaattori arpoo muutaman laitteen. Jätä tämä välilehti auki: sen vuoro voi tulla.",
    noDevice: "Kaikki tämän ajon laitteet ovat nyt muilla välilehdillä. Jätä tämä välilehti auki: se saa seuraavan vapautuvan laitteen.",
    stopped:
      "Koordinaattori ilmoitti lopettavansa ja on suljettu. Tämä välilehti säilyttää työnsä; jos ajo jatkuu, se osallistuu taas itsestään. Voit myös sulkea sen.",
    arriving: (numLoading, numReady, numNeeded) =>
      `Paikalla olevilla välilehdillä latautuu ${count(numLoading, devices)}; valmiina on ${whole(numReady)}/${whole(numNeeded)}.`,
    othersWork: (numDone, numTasks) =>
      `Tässä vaiheessa valmiina on ${whole(numDone)}/${count(numTasks, devices)}. Jätä tämä välilehti auki: sen vuoro voi tulla.`,
    working: "Sinun ei tarvitse tehdä mitään. Esimerkkisi pysyvät tällä välilehdellä; se, mitä se on lähettänyt, näkyy alla.",
    preparing: "Malli ladataan kerran; useimmat selaimet säilyttävät sen seuraavaan käyntiin.",
  },
  notices: {
    reset:
      "Koordinaattorilla ei enää ole tämän välilehden aiempaa työtä, joten välilehti aloittaa taas yhteisistä parametreista. Sinun ei tarvitse tehdä mitään.",
    chooseAgain: (isKept) =>
      `Tämä sivu ladattiin uudelleen, eikä tämä selain säilyttänyt esimerkkejäsi. Lisää samat uudelleen; välilehti ${
        isKept ? "jatkaa siitä, mihin se jäi." : "aloittaa alusta, koska tämä selain ei säilytä mitään."
      }`,
    notKept: (reason, wasReloaded) =>
      `Tämä selain ei säilytä tämän välilehden työtä (${reason}). ${
        wasReloaded
          ? "Se katosi, kun sivu ladattiin uudelleen, ja välilehti on aloittanut alusta."
          : "Uudelleenlatauksen jälkeen välilehti aloittaa alusta."
      }`,
    storageBlocked: "sen asetukset estävät sen; anna tämän sivuston tallentaa tietoja",
    noStorage: "siinä ei ole tallennustilaa",
    unknownReason: "se ei kerro syytä",
    noDatabase: "se ei avannut tietokantaa tälle sivulle",
    oldDatabase: "toisella välilehdellä on vanhempi versio tämän sivun tiedoista; sulje se ja lataa tämä uudelleen",
    threadsStuck: (numThreads, seconds) =>
      `${whole(numThreads)} säiettä ei käynnistynyt ${whole(seconds)} sekunnissa, joten tämä välilehti käyttää yhtä`,
    stuck: (backend, seconds) => `laskentatapa ${backend} ei käynnistynyt ${whole(seconds)} sekunnissa; lataa tämä sivu uudelleen`,
    gpuStuck: (seconds) => `grafiikkasuoritin ei käynnistynyt ${whole(seconds)} sekunnissa, joten tämä välilehti käyttää suoritinta`,
  },
  runPage: {
    runTitle: "Ajo",
    notBegun: "Ajo ei ole vielä alkanut.",
    here: ({ numConnected, numDevices }) => `${count(numConnected, tabs)}, ${count(numDevices, devices)}`,
    resets: ({ count: numResets, last }) =>
      `${count(numResets, { one: "laite aloitti", other: "laitetta aloitti" })} taas yhteisistä kehotteista; viimeisin: ${last}.`,
    staffNote: "Jokainen nuotti on kierros; mitä korkeampi nuotti, sitä pienempi häviö.",
    layersTitle: "Kerrokset",
    layersNote: "Mitä korkeampi pylväs, sitä tärkeämpi kerros.",
    noLayersYet: "Ajo ei ole vielä valinnut kerroksia. Siihen asti se jakaa ne kaikki.",
    shared: "lähetetään",
    notShared: "pysyy laitteella",
    lossTitle: "Häviö kierroksittain",
    noLossYet: "Käyrä alkaa ensimmäisestä opetuskierroksesta.",
    lossNote: "Kunkin kierroksen keskiarvo; pienempi on parempi.",
    taskProgress: "Tämän tehtävän eteneminen",
    downloadProgress: "Latauksen eteneminen",
    stepOf: (step, numSteps) => `askel ${whole(step)}/${whole(numSteps)}`,
    replayOf: (done, all) => `otetaan kiinni muita, ${whole(done)}/${whole(all)}`,
    taskOf: (deviceId) => `laite ${deviceId}`,
    tasksDone: (numTasks) => `${count(numTasks, { one: "tehtävä", other: "tehtävää" })} tehty tällä välilehdellä`,
    downloaded: (numBytes, totalBytes) => `${bytes(numBytes)} / ${bytes(totalBytes)}`,
    pace: (bytesPerSecond, secondsLeft) => `${bytes(bytesPerSecond)}/s · vielä ${formats.seconds(Math.round(secondsLeft))}`,
    logScale: "Asteikko on logaritminen.",
    lossHere: "tämä välilehti",
    lossAll: "kaikki laitteet",
  },
  wholeProgress: {
    run: "Koko ajo",
    round: "Tämä kierros",
    task: "Tämä tehtävä",
    left: (fraction, secondsLeft) =>
      `${whole(100 * fraction)} % · ${secondsLeft === null ? "jäljellä oleva aika ei tiedossa" : `vielä noin ${formats.seconds(roundedSeconds(secondsLeft))}`}`,
    stages: { score: "pisteytys", count: "lasku", train: "opetus" },
    roundDone: (numDone, numTasks) => `${whole(numDone)}/${count(numTasks, devices)} valmiina`,
    betweenRounds: "kahden vaiheen välissä",
    noTask: "ei juuri nyt",
  },
  incidents: {
    title: "Mitä täällä tapahtui",
    at: formats.time,
    slept: (seconds) => `Tämä tietokone nukkui (${formats.seconds(seconds)}). Välilehti tarkisti yhteytensä ja jatkaa.`,
    online: (seconds) => `Yhteys oli poikki (${formats.seconds(seconds)}). Se palasi, eikä työtä kadonnut.`,
    workerRestarted: (reason) =>
      `Tämän välilehden laskentaprosessi katosi (${reason}). Uusi käynnistettiin, ja tehtävä lasketaan uudelleen.`,
    cameBackPaused: "Tämä välilehti oli tauolla, kun se ladattiin uudelleen, joten se on yhä tauolla.",
  },
  contributions: {
    title: "Mitä olen tehnyt",
    none: "Ei vielä mitään. Jokainen koordinaattorin hyväksymä tehtävä näkyy tässä.",
    total: (numContributions, numBytes) =>
      `${count(numContributions, { one: "päivitys", other: "päivitystä" })}, lähetetty ${bytes(numBytes)}`,
    heads: ["Aika", "Kierros", "Mitä", "Koko"],
    kinds: {
      train: "opetus",
      evaluate: "testi",
      score: "kerrosten pisteet",
      probe: "spektri",
      search: "haku",
      edit: "kehotteen muutokset",
      perturb: "kokeilu",
      logits: "logitit",
      distil: "tislaus",
      answers: "vastaukset",
    },
    round: (stage, round) => `${{ score: "pisteytys", count: "lasku", train: "opetus" }[stage]} ${round}`,
    time: formats.timeWithSeconds,
    size: bytes,
    all: (numContributions) => `Näytä kaikki ${whole(numContributions)}`,
    receipt: "Lataa kuitti",
    receiptNote: "Ajon allekirjoittama tiedosto: mitä tämä välilehti teki ja milloin. Kuka tahansa voi tarkistaa sen:",
  },
  controls: {
    title: "Kuinka paljon lainaat",
    load: "Kuorma",
    loadOf: (percent) => (percent === 100 ? "100 %: laskee koko ajan" : `${whole(percent)} %: lepää muun ajan, askelten välissä`),
    when: "Osallistu vain, kun",
    idle: "en käytä tätä tietokonetta",
    idleNote: "Selain pyytää sinulta luvan.",
    charging: "laturi on kiinni",
    visible: "tämä välilehti on näkyvissä",
    limit: "Dataraja",
    noLimit: "ei rajaa",
    limitOf: bytes,
    limitNote: (numBytes) =>
      `Tämä välilehti on lähettänyt ja vastaanottanut ${bytes(numBytes)} liittymisensä jälkeen, mallia lukuun ottamatta. Rajalla se pitää tauon.`,
    awake: "Pidä näyttö päällä opetuksen ajan",
    kept: "Tämä selain muistaa nämä valinnat.",
  },
  energy: {
    title: "Energia",
    none: "Mitään ei ole vielä laskettu.",
    range: (from, to) => (to < 0.1 ? "alle 0,1 Wh" : `noin ${wattHours(from)}–${wattHours(to)} Wh`),
    byPower: (seconds, kind, from, to) =>
      `Arvio: ${formats.seconds(Math.round(seconds))} laskentaa kertaa ${from}–${to} W, jotka täysi kuorma lisää (${energyKinds[kind]}). Ei mitattu.`,
    byBattery: (percent, kind, from, to) =>
      `Selaimen mittaama: akku väheni ${percent} %, kun tämä välilehti osallistui, kaikki muu käynnissä ollut mukaan lukien. Tällaisessa akussa (${energyKinds[kind]}) on ${from}–${to} Wh.`,
    kinds: energyKinds,
    compare: "Vertailuksi: LED-lamppu kuluttaa tunnissa 8 Wh.",
  },
  buttons: {
    reload: "Lataa uudelleen",
    tryAgain: "Yritä uudelleen",
    newRun: "Etsi uusi ajo",
    useThisTab: "Käytä tätä välilehteä",
    joinAgain: "Lähde taas mukaan",
    resume: "Jatka",
    pause: "Tauko",
    leave: "Poistu",
    leaveAndDelete: "Poistu ja poista tietoni",
    pauseAfterTask: "Tämä tehtävä loppuun, sitten tauko",
  },
  traffic: {
    title: "Tämän välilehden liikenne",
    sent: "lähetetty",
    saved: (ofAll, ofF32) =>
      `Lähetetyt kerrokset ovat ${whole(100 * ofAll)} % kaikista kerroksista samassa koodauksessa ja ${whole(100 * ofF32)} % kaikista kerroksista, kun luku vie neljä tavua.`,
    received: "vastaanotettu",
    note: "Mallin lataus ei ole mukana.",
    layers: "josta opetettuja kerroksia",
    allLayers: "kaikki kerrokset olisivat vieneet",
    states: "josta kopioita yksityisistä kerroksista",
    nothingYet: "Vertailu kaikkiin kerroksiin näkyy, kun tämä välilehti on opettanut.",
  },
  computer: {
    title: "Tämä tietokone",
    backend: "laskee",
    devices: "laitteita täällä",
    noDevices: "ei vielä yhtään",
    examples: "esimerkkejä täällä",
    notYet: "Näkyy, kun välilehti on valmis.",
    backendName(backend, threads) {
      if (backend === "webgpu") return "grafiikkasuorittimella";
      return backend === "cpu" ? "suorittimella, pelkkä JavaScript" : `suorittimella, ${count(threads, { one: "säie", other: "säiettä" })}`;
    },
    noDevicesNow: "ei yhtään, kun se lepää",
  },
  results: {
    title: "Tulokset",
    newcomer,
    scoreNames: { rougeL: "ROUGE-L", tokenAccuracy: "sanapalojen tarkkuus" },
    personalised: "osallistuneilla laitteilla, niiden omilla parametreilla",
    zeroShot: "ennen opetusta",
    ofTexts,
    between: (from, to) => `välillä ${formats.percent(from)} – ${formats.percent(to)} (95 prosentin luottamusväli)`,
  },
  figures: {
    noRound: "Ei vielä kierrosta",
    round: (round) => `Ajon vaihe: ${round}`,
    noScores: "Kerroksilla ei ole vielä pisteitä",
    scores: (list, selected) =>
      `Pisteet: ${list}. ${selected === null ? "Kerroksia ei ole vielä valittu" : `Lähetettävät kerrokset: ${selected.join(", ") || "ei yhtään"}`}.`,
    score: (layer, score) => `kerros ${layer}: ${score === null ? "ei pisteitä" : formats.digits(score, 3)}`,
    noLoss: "Ei vielä häviötä",
    loss: (first, latest) => `Tämän välilehden keskimääräinen opetushäviö kierroksittain: alussa ${first}, nyt ${latest}`,
    tabs: (numTabs) => count(numTabs, tabs),
  },
  stage: {
    title: "Lava",
    about: "Jokainen tämän sivun luku tulee koordinaattorin lokista.",
    connecting: "Etsitään ajoa…",
    links: { connecting: "yhdistetään", online: "suorana", retrying: "yhdistetään uudelleen", closed: "suljettu" },
    problems: {
      silent: "Koordinaattori ei vastaa. Tämä sivu yrittää yhä.",
      notLive: "Tässä osoitteessa ei ole suoraa lähetystä. Onko koordinaattori tätä versiota?",
      unauthorised: "Tämä ajo ei ole kaikille. Kirjoita koodisana tai avaa ylläpitäjän linkki.",
      foreign: "Tämä osoite ei ole koordinaattorin. Käytä osoitetta, jonka se on tulostanut.",
      full: "Katsojia on jo niin monta kuin ylläpitäjä sallii. Tämä sivu yrittää yhä.",
      notUnderstood: "Tämä sivu ei ymmärrä koordinaattoria. Lataa sivu uudelleen.",
    },
    goodbyes: {
      finished: "Ajo on valmis ja sen koordinaattori suljettu. Näin se päättyi.",
      newRun: "Uusi ajo seuraa.",
      closing: "Koordinaattori pysäytettiin. Ajo voi jatkua tästä, kun se käynnistetään uudelleen.",
      removed: "Koordinaattori on sulkenut tämän sivun.",
    },
    codeWord: "Koodisana",
    wrongWord: "Se ei ole tämän ajon koodisana.",
    watch: "Katso",
    fullScreen: "Koko näyttö",
    leaveFullScreen: "Poistu koko näytöstä",
    headlines: {
      waiting: "Kohta aloitetaan",
      running: { score: "Pisteytetään kerroksia", count: "Lasketaan kerroksia", train: "Opetus" },
      done: "Ajo on valmis",
      failed: "Ajo epäonnistui",
    },
    round: (round, numRounds) => `Kierros ${round}/${numRounds}`,
    rounds: (numRounds) => count(numRounds, { one: "kierros", other: "kierrosta" }),
    tasks: (numIn, numAll) => `${whole(numIn)}/${count(numAll, { one: "tehtävä", other: "tehtävää" })} valmiina`,
    devicesHere: (numDevices, numConnected) =>
      `${count(numDevices, devices)}, ${count(numConnected, { one: "asiakasohjelma", other: "asiakasohjelmaa" })}`,
    deadline: "Tämän vaiheen aikaa jäljellä",
    noDeadline: "ei määräaikaa",
    method: (strategy, task, backbone) => `${strategy} virittää mallia ${backbone}, tehtävä ${task}`,
    invitation: "Osallistu osoitteessa",
  },
  stageTiles: {
    title: "Laitteet",
    none: "Ei vielä laitteita. Kun joku avaa linkin ja painaa ”Lähde mukaan”, laite ilmestyy tähän.",
    more: (numMore) => `ja ${count(numMore, { one: "muu laite", other: "muuta laitetta" })}`,
    device: (id) => `Laite ${id}`,
    helper: "apulaite",
    states: {
      away: "poissa",
      loading: "lataa",
      waiting: "odottaa",
      scoring: "pisteyttää",
      probing: "mittaa",
      training: "opettaa",
      evaluating: "testaa",
      paused: "tauolla",
      rests: "lepää",
      late: "myöhässä",
      done: "valmis",
    },
    step: (step, numSteps) => `askel ${whole(step)}/${whole(numSteps)}`,
    speed: (perSecond) => `${formats.number(perSecond)} askelta/s`,
    counts: (numDevices, state) => `${whole(numDevices)} ${state}`,
  },
  stagePlots: {
    scoreNames: { accuracy: "Oikeat vastaukset", tokenAccuracy: "Oikeat sanapalat", exactMatch: "Oikeat vastaukset", rougeL: "ROUGE-L" },
    loss: "Häviö",
    lossAxis: "häviö",
    series: {
      training: "opetuksessa",
      global: "yhteinen malli",
      newcomer: "sellaisena kuin uusi laite sen saa",
      personalised: "kunkin laitteen oma",
      zeroShot: "ennen viritystä",
    },
    noScore: "Mitään ei ole vielä testattu.",
    noLoss: "Yhtään opetuskierrosta ei ole vielä takana.",
    ofTexts: (numTexts) => `(${count(numTexts, { one: "piilotettu teksti", other: "piilotettua tekstiä" })})`,
    latest: (name, value, numTexts) => `${name}: ${value} ${numTexts}`.trim(),
    layers: "Kerrokset",
    layersNote:
      "Kukin sarake on kierros, kukin viiva kerros. Täysi nuotti on kerros, joka lähetetään, ja se on suurempi, kun kerros siirtyi enemmän; ontto nuotti pisteytettiin ja pysyy laitteilla.",
    noLayers: "Yhtään kerrosta ei ole vielä pisteytetty tai opetettu.",
    travels: (layers) => `Lähetettävät kerrokset: ${layers.join(", ")}`,
    stages: { score: "pisteytys", count: "lasku", train: "" },
    bytes: "Lähetetyt tavut",
    bytesNote: (sent, all, share) => `tähän mennessä ${sent} eli ${share} siitä, mitä kaikki kerrokset olisivat vieneet (${all})`,
    sentAll: (sent) => `tähän mennessä ${sent}`,
    noBytes: "Mitään ei ole vielä lähetetty.",
    drift: "Ajautuminen",
    driftAxis: "normi",
    driftSeries: { drift: "erillään", update: "siirtyi", control: "kontrolli" },
    noDrift: "Yhtään opetuskierrosta ei ole vielä mitattu.",
    marks: {
      start: "alku",
      pause: "tauko",
      resume: "jatkuu",
      stop: "pysäytys",
      nextRound: "seuraava kierros",
      sampleFraction: (fraction) => `mukana ${whole(100 * fraction)} %`,
      deadline: (seconds) => (seconds === null ? "ei määräaikaa" : `määräaika ${formats.seconds(seconds)}`),
      skew: "vinoutettu aineisto",
      drop: (fraction) => `pois ${whole(100 * fraction)} %`,
      poison: (numDevices) => `myrkytetty ${count(numDevices, devices)}`,
      takeBack: (what) => `${what} peruttu`,
      takenBack: { sampleFraction: "otos", deadline: "määräaika", skew: "vinoutus", drop: "poisjättö", poison: "myrkytys" },
      newRun: "uusi ajo",
      switchStrategy: (name) => `vaihto: ${name}`,
    },
    driftNote:
      "Kuinka paljon laitteet siirtyvät kierroksella, kuinka kaukana toisistaan ne ovat lopuksi, ja niitä yhteen vetävän kontrollimuuttujan normi.",
    scoreOf: {
      global: "yhteisellä mallilla",
      newcomer: "mallilla, jonka uusi laite saa",
      personalised: "kunkin laitteen omalla mallilla",
      zeroShot: "ennen viritystä",
    },
  },
  slowMotion: {
    title: "Kierros hidastettuna",
    open: "Katso kierros askel askeleelta",
    close: "Sulje",
    none: "Kierroksen voi katsoa askel askeleelta, kun yksi on opetettu.",
    chooseRound: "Kierros",
    previous: "Takaisin",
    next: "Eteenpäin",
    keys: "Nuolinäppäimillä siirryt, Esc sulkee.",
    position: (step, numSteps) => `${step}/${numSteps}`,
    coordinator: "Koordinaattori",
    coordinatorHolds: (values, hasControl) =>
      `Hallussa yhteiset parametrit, ${values}${hasControl ? ", ja kontrollimuuttuja kullekin laitteelle" : ""}.`,
    deviceHolds: (hasOwnLayers) =>
      hasOwnLayers ? "Kullakin on omat esimerkit, omat kerrokset ja optimoija." : "Kullakin on omat esimerkit ja optimoija.",
    device: (id) => `Laite ${id}`,
    others: (numOthers) => `+ ${whole(numOthers)}`,
    maskLabel: (travelling, numLayers) =>
      `Lähetettävät kerrokset: ${travelling.length === 0 ? "ei yhtään" : travelling.join(", ")}, kaikkiaan ${numLayers}`,
    titles: {
      choose: "Koordinaattori valitsee laitteita",
      send: "Yhteiset kerrokset lähtevät",
      train: "Jokainen laite opettaa",
      back: "Muutokset palaavat",
      sum: "Koordinaattori tekee niistä yhden muutoksen",
      evaluate: "Laitteet testaavat piilotettuja tekstejä",
    },
    choose: (numAsked, numDevices) =>
      `Se arpoo ajon siemenluvulla ${count(numAsked, devices)} (kaikkiaan ${whole(numDevices)}). Muut lepäävät tällä kierroksella.`,
    send: ({ layers, values, each, measured }) =>
      `Maski päästää läpi ${layers}: ${values}, ${each} laitetta kohti. Verkossa vaihe vei laitteille päin ${measured}, tehtävät ja tilatiedot mukaan lukien.`,
    layersOf: (numTravel, numLayers) => `${whole(numTravel)}/${count(numLayers, { one: "kerros", other: "kerrosta" })}`,
    values: (numValues) => count(numValues, { one: "arvo", other: "arvoa" }),
    train: (seconds, loss) =>
      `Omilla esimerkeillään, jotka pysyvät paikallaan, sekä kerroksilla, joita ei lähetetä. Vaihe kesti ${seconds}${loss === null ? "" : `; viimeisen epookin häviö oli ${loss}`}.`,
    back: ({ numCounted, numAsked, each, measured }) =>
      `${whole(numCounted)}/${count(numAsked, devices)} lähetti erotuksen siihen, mitä oli saanut, kukin ${each}. Verkossa vaihe vei takaisin päin ${measured}.`,
    sum: ({ rule, update, drift, control }) =>
      `Sääntö: ${rule}. ${update === null ? "" : `Laitteet siirtyivät keskimäärin ${update}`}${drift === null ? "" : ` ja ${drift} keskiarvostaan`}${update === null ? "" : ". "}${control === null ? "" : `Kontrollimuuttujan normi on ${control}.`}`.trim(),
    mean: "esimerkeillä painotettu keskiarvo",
    rule: (name) => name,
    evaluate: (results, numBytes) => `${results.join("; ")}. Siihen meni ${numBytes}, jotka lasketaan erikseen.`,
  },
  tryPage: {
    title: "Kokeile mallia",
    lead: "Kirjoita teksti. Malli vastaa tässä selaimessa; mitään kirjoittamaasi ei lähetetä.",
    model: (task, backbone) => `${task} · malli ${backbone}`,
    roundNow: (round, isOver) =>
      isOver ? `viritetty, ${count(round, { one: "kierros", other: "kierrosta" })}` : `viritetty kierrokseen ${round} asti`,
    loadingTitle: "Malli on tulossa",
    failedTitle: "Mallia ei voi kokeilla täällä",
    yourText: "Tekstisi",
    secondText: "Toinen teksti",
    placeholder: "Kirjoita teksti…",
    example: "Toinen esimerkki",
    answersTitle: "Vastaukset",
    typeFirst: "Kirjoita teksti, niin näet, mitä malli vastaa.",
    cut: (numCut, numTokens) =>
      `Teksti on liian pitkä tälle mallille: sen ${whole(numTokens)} sanapalasta ${whole(numCut)} viimeistä jäi lukematta.`,
    cutAtBeginning: (numCut) =>
      `Teksti on liian pitkä tälle mallille: sen alusta jäi lukematta ${count(numCut, { one: "sanapala", other: "sanapalaa" })}.`,
    before: "Ennen viritystä",
    tuned: "Virityksen jälkeen",
    own: (deviceId) => `Oma laitteesi ${deviceId}`,
    beforeNote: "malli sellaisena kuin se esiopetettiin",
    tunedNote: (round) => (round === null ? "mikä on kaikille yhteistä" : `mikä on kaikille yhteistä kierroksen ${round} jälkeen`),
    ownNote: "yhteiset kerrokset ja laitteesi omat",
    whichDevice: "Minkä laitteen kerrokset",
    noDevice: "ei minkään",
    heard: (who, answer, share) => `${who}: ${answer}, ${formats.percent(share)}`,
    noBefore: (reason) => `Ennen viritystä tämä malli ei osaa vastata: ${reason}.`,
    nothingTuned:
      "Mitään ei ole vielä viritetty, joten vain esiopetettu malli vastaa. Ensimmäisen kierroksen jälkeen myös viritetty malli vastaa täällä.",
    silent: "Tämän ajon palvelin ei vastaa, joten vain esiopetettu malli vastaa.",
    locked: "Tähän ajoon tarvitaan koodisana. Sillä myös viritetty malli vastaa täällä.",
    lockedByInvitation: "Tähän ajoon pääsee kutsulla: avaa tämä sivu kutsusi linkillä, niin myös viritetty malli vastaa.",
    lockedLater: "Täältä tuli liian monta väärää koodisanaa. Odota minuutti ja yritä sitten uudelleen.",
    codeWord: "Koodisana",
    open: "Näytä viritetty malli",
    unusable: (reason) => `Viritetty malli ei voi vastata täällä: ${reason}.`,
    ownProblem: (reason) => `Laitteesi omat kerrokset eivät voi vastata: ${reason}.`,
    aloneNote:
      "Tässä ajossa kukin laite opettaa yksin eikä mitään jaeta, joten uudella laitteella on parametrit, joista kaikki aloittivat.",
    newer: (round) => `Kierros ${round} on täällä.`,
    useNewer: "Käytä sitä",
    otherParameters: "Linkki tälle sivulle tehtiin tämän ajon toisilla parametreilla, joten vastaukset voivat poiketa tarkoitetuista.",
    computesOn: (backend, seconds) => `Laskentatapa: ${backend}. ${seconds}`,
    offlineReady: "Tämä sivu toimii myös ilman verkkoa.",
    offlineInsecure: "Tämä sivu tarvitsee verkon: se tuli tavallisella http-yhteydellä, jolla selaimet eivät säilytä sivuja.",
    offlineUntrusted: "Tämä sivu tarvitsee verkon: selain ei luota palvelimen varmenteeseen tai ei säilytä sivuja.",
    otherRun: "Tässä osoitteessa on alkanut toinen ajo. Lataa sivu uudelleen, niin voit kokeilla sen mallia.",
  },
  tryWords: {
    title: "Mitkä sanat ratkaisivat",
    note: "Kukin sana jätetään kerran pois. Mitä enemmän vastauksen todennäköisyys laskee ilman sitä, sitä tärkeämpi se oli.",
    pick: "Vastaus",
    show: "Näytä sanat",
    stop: "Pysäytä",
    progress: "Jo pois jätetyt sanat",
    progressText: (numDone, numWords) => `${whole(numDone)}/${count(numWords, { one: "sana", other: "sanaa" })}`,
    forWhom: (name, who) => `Vastaus ”${name}”, ${who}:`,
    speaksFor: "puhuu puolesta",
    speaksAgainst: "puhuu vastaan",
    word: "Sana",
    effect: "Muutos pisteinä",
    points: (effect) => `${effect >= 0 ? "+" : "−"}${formats.fixed(Math.abs(100 * effect), 1)}`,
    cut: (maxWords) => `Vain ensimmäiset ${whole(maxWords)} sanaa jätetään pois yksitellen.`,
    none: "Pois jätettäviä sanoja ei ole.",
  },
  tryBatch: {
    title: "Monta tekstiä kerralla",
    note: "CSV-, TSV- tai JSON Lines -tiedosto, jossa joka rivillä on teksti. Se pysyy tässä selaimessa.",
    file: "Tiedosto",
    textColumn: "Teksti",
    secondColumn: "Toinen teksti",
    labelColumn: "Oikea vastaus, jos on",
    noColumn: "ei ole",
    who: "Kuka vastaa",
    start: (numTexts) => `Kysy ${count(numTexts, texts)}`,
    stop: "Pysäytä",
    progress: "Tekstit, joihin on jo vastattu",
    progressText: (numDone, numTexts) => `${whole(numDone)}/${count(numTexts, texts)}`,
    download: "Lataa vastaukset CSV-tiedostona",
    tableTitle: "Vastaukset",
    heads: { row: "Rivi", text: "Teksti", answer: "Vastaus", share: "Todennäköisyys", label: "Oikea vastaus" },
    shown: (numShown, numTexts) =>
      `Tässä näkyy ${whole(numShown)} ensimmäistä (kaikkiaan ${count(numTexts, texts)}); lataus sisältää kaikki.`,
    right: "oikein",
    wrong: "väärin",
    accuracy: (numRight, numTexts) => `${formats.percent(numRight / numTexts)} oikein: ${whole(numRight)}/${count(numTexts, texts)}`,
    matrixTitle: "Sekaannusmatriisi",
    matrixNote: "Rivit ovat oikeita vastauksia, sarakkeet mallin vastauksia; mitä tummempi, sitä suurempi osuus rivistä.",
    matrixCorner: "Oikea vastaus \\ malli",
    unlabelled: (numRows, labels) =>
      `${count(numRows, { one: "rivillä on", other: "rivillä on" })} oikea vastaus, jota tämä tehtävä ei tunne (${labels}); niitä ei lasketa.`,
    skipped: (numRows) => `Pois jäi ${count(numRows, { one: "rivi, jolla ei ole tekstiä", other: "riviä, joilla ei ole tekstiä" })}.`,
    tooLarge: (file, numBytes, maxBytes) =>
      `${file}: koko ${bytes(numBytes)}, mutta tämä sivu lukee enintään ${bytes(maxBytes)}. Käytä pienempää osaa siitä.`,
    tooManyRows: (maxRows) => `Vain ensimmäiset ${whole(maxRows)} riviä kysytään.`,
    noRows: (file) => `${file}: sarakkeiden nimien alla ei ole rivejä. Tallenna teksti kullekin riville ja valitse tiedosto uudelleen.`,
    noColumns: (file) => `${file}: luettavia sarakkeita ei ole. Ensimmäisellä rivillä pitää olla niiden nimet.`,
    wrongKind: (file) =>
      `${file}: tiedostoa ei voi lukea. Valitse tiedosto, jonka pääte on .csv, .tsv tai .jsonl; tallenna taulukko CSV UTF-8 -muodossa.`,
  },
  tryDraw: {
    title: "Vastaukset sana sanalta",
    note: "Malli kirjoittaa sanapalan kerrallaan. Valitse sanapala, niin näet viisi todennäköisintä sen paikalle.",
    prompt: "Näin teksti annetaan mallille",
    temperature: "Lämpötila",
    temperatureNote: "Arvolla 0 tulee aina todennäköisin sanapala; suurempi on rohkeampi.",
    seed: "Siemenluku",
    seedNote: "Sama siemenluku antaa saman vastauksen.",
    length: "Sanapaloja enintään",
    start: "Vastaa",
    stop: "Pysäytä",
    small: "Pieni malli, viritetty",
    large: "Suuri malli",
    proxy: "Suuri malli pienen ohjaamana",
    smallNote: "minkä laitteet virittivät",
    largeNote: "sellaisena kuin se esiopetettiin",
    proxyNote: (a) => `siirretty ${a} kertaa sen verran, mitä viritys muutti pienessä mallissa`,
    dial: "Kuinka vahvasti pieni malli ohjaa (a)",
    largeTitle: "Suuri malli pienen rinnalla",
    largeNoteBefore: (name) => `Tässä ajossa pienen mallin viritys ohjaa mallia ${name}. Sen kanssa kolme mallia vastaa rinnakkain.`,
    loadLarge: (name, numBytes) => `Lataa ${name} (${bytes(numBytes)})`,
    askLarge: (name) => `Lataa ${name}`,
    largeProgress: "Suuren mallin lataus",
    nothingYet: "Ei vielä vastausta.",
    end: "loppu",
    token: (text, share) => `”${text}”, ${formats.percent(share)}`,
    candidatesTitle: (place) => `Todennäköisimmät sanapalat paikalle ${place}`,
    candidate: "Sanapala",
    share: "Todennäköisyys",
  },
  tryShare: {
    title: "Säilytä ja jaa",
    linkTitle: "Jaa tämä kysymys",
    linkNote:
      "Teksti on linkin #-merkin jälkeisessä osassa, jota selaimet eivät lähetä millekään palvelimelle. Linkki ei päästä ketään ajoon, joka ei ole kaikille avoin.",
    link: "Linkki",
    copy: "Kopioi linkki",
    copied: "Kopioitu",
    promptsTitle: "Ota viritetyt parametrit mukaasi",
    promptsNote: (numParameters, backbone) =>
      `${count(numParameters, { one: "tensori", other: "tensoria" })} safetensors-muodossa. Ne sopivat vain malliin ${backbone}, eikä niistä ole hyötyä ilman sitä.`,
    download: "Lataa prompts.safetensors",
    inTerminal: "Päätteessä, jos Tutti on asennettu:",
    inPython: "Pythonissa luvut ja se, mihin ne kuuluvat:",
    peft: "transformers ei voi ladata tätä tiedostoa sellaisenaan. Tämä tekee siitä sovittimen Hugging Facen peft-kirjastolle; README näyttää, miten se ladataan:",
    noPeft: (reason) => `transformers ei voi ladata tätä tiedostoa, eikä peft-kirjastossa ole sille muotoa: ${reason}.`,
  },
  inForce: {
    paused: "Ylläpitäjä on keskeyttänyt ajon. Paikkasi säilyy; ajo jatkuu itsestään.",
    drop: (fraction) => `Koe on käynnissä: joka kierroksella ${fraction} laitteista jätetään pois, ikään kuin ne olisivat lähteneet.`,
    skew: "Koe on käynnissä: aineisto on jaettu uudelleen niin, että kukin laite näkee vain muutaman luokan.",
    poison: (someDevices) =>
      `Koe on käynnissä: koordinaattori kääntää nurin sen, mitä lähettää ${someDevices}, ja näyttää, mitä väärät päivitykset tekevät.`,
    devices: (ids) => (ids.length === 1 ? `laite ${ids[0]}` : `kukin laitteista ${ids.join(", ")}`),
  },
  operator: {
    title: "Ohjaa tätä ajoa",
    forYou:
      "Tämän näet vain sinä, koska sinulla on ylläpitäjän linkki. Käskyt ovat voimassa seuraavasta suunnitelmasta alkaen; kesken oleva viedään loppuun.",
    connecting: "Kysytään koordinaattorilta…",
    silent: "Koordinaattori ei vastaa. Tämä sivu kysyy uudelleen muutaman sekunnin välein.",
    refused: "Tämä linkki kuuluu toiselle koordinaattorille. Avaa linkki, jonka `tutti serve` nyt tulostaa; mikään ei muuttunut.",
    notUnderstood: "Tämä sivu ei ymmärrä koordinaattorin vastausta. Lataa sivu uudelleen.",
    done: (what) => `Tehty: ${what}.`,
    notDone: (why) => `Mikään ei muuttunut. ${why}`,
    runTitle: "Ajo",
    phases: { waiting: "Odottaa", running: "Käynnissä", done: "Valmis", failed: "Epäonnistui" },
    at: (stage, round, numRounds) => `${stage}, kierros ${round}/${numRounds}`,
    start: "Aloita",
    startAbout: "Alkaa paikalla olevilla laitteilla.",
    pause: "Tauko",
    pauseAbout: "Avoin vaihe päättyy, eikä uutta aloiteta.",
    resume: "Jatka",
    resumeAbout: "Ajo on tauolla: jatka siitä, mihin se jäi.",
    nextRound: "Seuraava kierros",
    nextRoundAbout: "Sulkee avoimen vaiheen sillä, mitä on saatu.",
    stop: "Pysäytä",
    stopAbout: "Sulkee koordinaattorin; ajoa voi jatkaa myöhemmin.",
    newRun: "Uusi ajo",
    newRunAbout: "Alkaa alusta toisella siemenluvulla; kaikki seuraavat mukana.",
    confirmStop:
      "Pysäytetäänkö ajo? Jokainen välilehti saa tiedon, eikä kukaan voi liittyä ennen kuin sama komento käynnistää sen uudelleen. Hyväksytystä työstä ei katoa mitään.",
    confirmNewRun:
      "Aloitetaanko uusi ajo? Tämä suljetaan ja säilytetään. Paikalla olevat välilehdet siirtyvät uuteen itsestään samassa osoitteessa.",
    confirmSwitch: (strategy) =>
      `Vaihdetaanko strategiaksi ${strategy}? Tämä ajo suljetaan ja säilytetään. Siihen liitetty ajo jatkaa sen parametreista, ja välilehdet siirtyvät mukaan itsestään.`,
    confirmSendAway: (who) => `Poistetaanko ${who}? Sen laitteet ja tehtävät siirtyvät heti muille. Se saa tulla takaisin.`,
    yes: { stop: "Pysäytä ajo", newRun: "Aloita uusi ajo", switchStrategy: "Vaihda", sendAway: "Poista" },
    no: "Jätä ennalleen",
    sizesTitle: "Joka kierros",
    sampleFraction: "Laitteita joka kierroksella, prosentteina",
    sampleNow: (percent) => `Nyt ${percent} kaikista laitteista.`,
    sampleSettings: (numDevices) => `Nyt asetusten mukaan: ${count(numDevices, devices)}.`,
    deadline: "Vaiheen määräaika sekunteina",
    deadlineNow: (seconds) => `Nyt ${seconds}.`,
    noDeadline: "Nyt ilman määräaikaa.",
    deadlineHint: "Jätä tyhjäksi, jos määräaikaa ei ole.",
    apply: "Ota käyttöön",
    takeBack: "Peru",
    asSettings: "Asetusten mukaan",
    lessonsTitle: "Kokeet",
    lessonsAbout: "Seuraa käyriä: ne vastaavat muutamassa kierroksessa.",
    skew: "Vinouta aineisto",
    skewAbout: "Jakaa opetusaineiston uudelleen niin, että kukin laite näkee vain muutaman luokan. Määrät pysyvät ennallaan.",
    drop: "Jätä 30 % pois",
    dropAbout: "Joka kierroksella 30 % laitteista lasketaan lähteneiksi; ne arvotaan ajon siemenluvulla.",
    poison: "Myrkytä kaksi laitetta",
    poisonAbout: "Koordinaattori kääntää nurin ja suurentaa sen, mitä kaksi laitetta lähettää. Niiden välilehdet pysyvät rehellisinä.",
    from: (stage, round) => `Voimassa: ${stage}, kierroksesta ${round} alkaen.`,
    pending: "Seuraavasta kierroksesta alkaen.",
    poisonedNow: (someDevices) => `Kohteena ${someDevices}.`,
    switchTitle: "Strategia",
    switchAbout: "Toinen strategia aloittaa liitetyn ajon nykyisistä parametreista.",
    strategy: "Jatka strategialla",
    strategies: {
      fedAvg: "FedAvg",
      fedAvgM: "FedAvgM, liikemäärä palvelimella",
      fedOpt: "FedOpt, Adam palvelimella",
      scaffold: "SCAFFOLD",
      fedPepTao: "FedPepTAO",
    },
    switchButton: "Vaihda strategia",
    waitingTitle: "Odottaa pääsyä",
    nobodyWaits: "Kukaan ei odota.",
    approve: "Päästä mukaan",
    approveAll: (numWaiting) => `Päästä kaikki ${whole(numWaiting)} mukaan`,
    clientsTitle: "Ketkä ovat paikalla",
    noClients: "Paikalla ei ole vielä ketään.",
    sendAway: "Poista",
    standings: { in: "paikalla", away: "poissa", waiting: "odottaa", banned: "estetty" },
    nameless: (key) => `asiakas ${key}`,
    actionOn: (action, who) => `${action}: ${who}`,
    noDevices: "ei laitteita",
    logTitle: "Annetut käskyt",
    noOrders: "Yhtään käskyä ei ole vielä annettu.",
    heldFrom: (stage, round, step) => `alkaen: ${stage}, kierros ${round}, vaihe ${step}`,
    heldOnStep: (stage, round, step) => `sulki: ${stage}, kierros ${round}, vaihe ${step}`,
    heldNext: "seuraavasta suunnitelmasta alkaen",
    followedBy: (runId) => `seuraava ajo: ${runId}`,
    orders: {
      start: "aloitus",
      pause: "tauko",
      resume: "jatko",
      stop: "pysäytys",
      nextRound: "seuraava kierros",
      sampleFraction: (percent) => `mukaan ${percent} laitteista`,
      deadline: (seconds) => (seconds === null ? "ei määräaikaa" : `määräaika ${seconds}`),
      skew: "aineiston vinoutus",
      drop: (percent) => `pois ${percent}`,
      poison: (someDevices) => `myrkytettävänä ${someDevices}`,
      takeBack: (what) => `peruttu: ${what}`,
      approve: "pääsy mukaan",
      sendAway: "poisto",
      newRun: "uusi ajo",
      switchStrategy: (name) => `vaihto: ${name}`,
    },
    settings: {
      sampleFraction: "laitteita joka kierroksella",
      deadline: "määräaika",
      skew: "vinoutettu aineisto",
      drop: "pois jätetyt laitteet",
      poison: "myrkytetyt laitteet",
    },
  },
  stageExport: {
    title: "Ota mukaan",
    json: "Luvut JSON-muodossa",
    csv: "Luvut CSV-muodossa",
    prompts: "Viritetyt parametrit",
    report: "Raportti",
    noPrompts: "Mitään ei ole vielä viritetty: parametrit ovat saatavilla, kun koulutuskierros on päättynyt.",
    noReport: "Raporttia ei vielä ole: se kirjoitetaan, kun kierros on päättynyt.",
  },
  classroom: {
    trustTitle: "Selaimesi varoittaa sinua kohta",
    trustLead:
      "Seuraava sivu on salattu varmenteella, jonka tämän luokan oma tietokone on tehnyt. Kukaan muu ei ole allekirjoittanut sitä, joten selaimesi ei tiedä, kenen se on, ja sanoo sen kerran. Jatka vain, jos kuulut tähän luokkaan.",
    pastTitle: "Ei varoitettavaa",
    pastLead: "Tämä sivu tuli ilman varoitusta, tai olet jo ohittanut sen.",
    goSecure: "Avaa salattu sivu",
    goOn: "Jatka",
    seeTitle: "Mitä tulet näkemään",
    otherBrowser: (name) => `Selaimessa ${name}`,
    warnings: {
      chrome: {
        name: "Chrome, Edge tai Samsung Internet",
        says: "”Yhteytesi ei ole yksityinen” tai ”Tietosuojavirhe”",
        steps: ["Paina ”Lisäasetukset”.", "Paina ”Jatka sivustolle …”; joissakin versioissa se on pieni ja alleviivattu."],
      },
      safari: {
        name: "Safari tai mikä tahansa selain iPhonessa",
        says: "”Tämä yhteys ei ole yksityinen”",
        steps: ["Paina ”Näytä tiedot”.", "Paina ”käy tällä verkkosivustolla” ja vahvista."],
      },
      firefox: {
        name: "Firefox",
        says: "”Varoitus: Mahdollinen tietoturvauhka”",
        steps: ["Paina ”Lisätiedot…”.", "Paina ”Hyväksy riski ja jatka”."],
      },
    },
    fingerprintTitle: "Varmenteen sormenjälki",
    fingerprintNote: "Voit verrata sitä siihen, mitä selain näyttää varmenteesta, ja opettajan näyttöön. Se on SHA-256-sormenjälki.",
    plainTitle: "Jos puhelimesi ei päästä eteenpäin",
    plainNote:
      "Osallistu ilman salausta. Se toimii samoin, mutta hitaammin: tavallisella http-yhteydellä selaimet eivät anna grafiikkasuoritinta eivätkä useaa säiettä. Muut tässä verkossa voisivat lukea, mitä lähetetään; esimerkkejäsi ei lähetetä koskaan.",
    goPlain: "Jatka ilman salausta",
    joinCode: "QR-koodi: skannaa se ja osallistu",
    helpers: ({ numConnected, numTraining }) =>
      numTraining === 0
        ? `${count(numConnected, { one: "ylläpitäjän apulaite", other: "ylläpitäjän apulaitetta" })} lepää`
        : `${count(numTraining, { one: "ylläpitäjän apulaite", other: "ylläpitäjän apulaitetta" })}, kunnes väkeä tulee lisää`,
    typedOnly:
      "Tämä luokka kirjoittaa tekstinsä itse. Kirjoita muutama ja kerro, mitä luokkaa kukin on; opetuksen aikana voit lisätä uusia.",
    growTitle: "Lisää teksti",
    growNote: "Se pysyy tällä välilehdellä. Se on mukana seuraavalla kierroksella, jolla tämä välilehti opettaa.",
    typed: (numTrained, numKeptBack) =>
      numKeptBack === 0
        ? `${count(numTrained, texts)} opetukseen. Joka viides jää tälle välilehdelle sivuun, jotta mallia testataan teksteillä, joita se ei ole nähnyt.`
        : `${count(numTrained, texts)} opetukseen; ${whole(numKeptBack)} jää tälle välilehdelle sivuun mallin testaamista varten.`,
    ofKeptBack: (numTexts) => (numTexts === 1 ? "yhdestä sivuun jätetystä tekstistä" : `${whole(numTexts)} sivuun jätetystä tekstistä`),
    correct: "Mikä olisi oikein? Lisää tämä teksti omiin esimerkkeihisi luokkaan",
    corrected: {
      taken: "Se on omissa esimerkeissäsi. Se on mukana seuraavalla kierroksella, jolla välilehtesi opettaa.",
      share: "Välilehtesi opettaa osalla ajon esimerkeistä. Osallistu omilla esimerkeilläsi, niin voit lisätä niitä.",
      nobody: "Avaa osallistumissivu tämän selaimen toisella välilehdellä omilla esimerkeilläsi ja paina uudelleen.",
    },
    wrongWord:
      "Se ei ole tämän ajon koodisana. Lue seinällä olevat kolme sanaa uudelleen: isoilla kirjaimilla ja yhdysmerkeillä ei ole väliä.",
  },
  tryCorrection: {
    title: "Opeta sitä: lisää tämä teksti omiin esimerkkeihini",
    note: "Teksti ja valitsemasi vastaus pysyvät tässä selaimessa; laitteesi opettaa niillä seuraavasta tehtävästään alkaen.",
    addAs: "Oikea vastaus on",
    added: (name) => `Lisätty luokkaan ”${name}”.`,
    failed: "Lisäys ei onnistunut: tämä selain ei säilytä mitään.",
  },
};
