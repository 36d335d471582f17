import { liveScore, ranksText } from "@tutti/core";
import type { EvaluationPoint, Status } from "@tutti/protocol";
import { countsIn, formatsIn } from "./formats.ts";
import type { Words } from "./words.ts";

const formats = formatsIn("fi", [{ one: "tavu", other: "tavua" }, "kt", "Mt", "Gt", "Tt"]);
const count = countsIn("fi");
const { bytes, whole } = formats;

const tabs = { one: "välilehti", other: "välilehteä" };
const devices = { one: "laite", other: "laitetta" };
const examples = { one: "esimerkki", other: "esimerkkiä" };

const what = (task: string, backbone: string) => `${task} · malli ${backbone}`;

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
  formats,
  roundOf,
  promise: "Lainaa tämä välilehti. Opetetaan kielimalli yhdessä.",
  deviceMeaning: "Laite on yksi osallistuja, jolla on omat esimerkkinsä; välilehdelläsi voi olla monta laitetta.",
  footer: {
    about:
      "Tutti tarkoittaa ”kaikki yhdessä”. Malli on esiopetettu muualla; esimerkkisi pysyvät välilehdelläsi. Tämä sivu ei seuraa sinua.",
    thisServer: "Se on yhteydessä vain tähän palvelimeen.",
    otherServer: (host) => `Se on yhteydessä tähän palvelimeen ja lataa mallin osoitteesta ${host}.`,
  },
  pageLinks: { label: "Tämän ajon sivut", join: "Osallistu", stage: "Lava", try: "Kokeile" },
  languageChoice: { label: "Kieli", failed: "Kielen tiedosto ei tullut perille. Yritä uudelleen." },
  connectionNames: {
    offline: "ei yhteyttä",
    connecting: "yhdistetään",
    online: "yhteydessä",
    retrying: "yhdistetään uudelleen",
    unapproved: "odottaa pääsyä",
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
  landing: {
    lead:
      "Monet selaimen välilehdet opettavat yhdessä yhtä kielimallia, kukin omilla esimerkeillään. Jos osallistut, tämä välilehti lataa mallin " +
      "kerran. Kierroksilla, joille se valitaan, se opettaa mallia esimerkeillään ja lähettää opettamansa parametrit takaisin.",
    sentTitle: "Mitä lähetetään",
    sent: "Parametrit, joita tämä välilehti opettaa yhteisissä kerroksissa, sekä mittaustuloksia, kuten häviö, tarkkuus ja esimerkkien määrä.",
    sentMachine:
      " Jos ajo suunnittelee työn laitteittain, palvelin saa tietää myös, kuinka nopeita tämä tietokone ja sen yhteys ovat ja kuinka paljon muistia siinä suunnilleen on; kaikki ajon osallistujat näkevät sen.",
    sentCopy: " Palvelin säilyttää myös kopion muiden kerrosten parametreista, jotta toinen välilehti voi jatkaa, kun tämä suljetaan.",
    keptTitle: "Mikä pysyy täällä",
    kept: "Esimerkit ja kaikki muu tällä tietokoneella. Lopeta sulkemalla välilehti.",
    keptWithLayers: "Esimerkit, kaikkien muiden kerrosten parametrit ja kaikki muu tällä tietokoneella. Lopeta sulkemalla välilehti.",
    join: "Lähde mukaan",
    codeWord: "Koodisana",
    codeWordNote: "Se on saamassasi linkissä, tai ylläpitäjä kertoo sen sinulle.",
    needsInvitation: "Tähän ajoon pääsee kutsulla. Avaa kutsusi linkki; kullakin linkillä pääsee mukaan yksi selain.",
    finished: "Tämä ajo on valmis: opetettavaa ei enää ole. Kiitos kaikille osallistuneille.",
    looking: "Etsitään ajoa…",
    what,
    run: (task, backbone, numTabs) =>
      `${what(task, backbone)} · ${numTabs === 0 ? "yhtään välilehteä ei ole vielä yhteydessä" : `${count(numTabs, tabs)} yhteydessä`}`,
    whichExamples: "Millä esimerkeillä tämä välilehti opettaa mallia?",
    share: "Osalla ajon esimerkeistä",
    shareNote: "Sinun ei tarvitse valmistella mitään.",
    ownFile: "Omalla tiedostollani",
    ownFileNote: "Tiedosto pysyy tällä välilehdellä. Palvelimelle kerrotaan vain, kuinka monta esimerkkiä siinä on.",
    countsUpTo: (limit) => ` Siitä lasketaan enintään ${count(limit, examples)}.`,
    ownFileKind: "CSV-, TSV- tai JSON Lines -tiedosto, koodaus UTF-8, sarakkeet",
    and: "ja",
    classes: (names) => (names.length === 0 ? "" : `Luokka on aina jokin näistä: ${names.join(", ")}.`),
    insecure:
      "Tämä sivu tuli tavallisella http-yhteydellä, joten selain ei anna sille grafiikkasuoritinta eikä useampaa säiettä. Opetus onnistuu, mutta " +
      "yleensä hitaammin. Https-yhteydellä sivu voi käyttää molempia, jos tietokoneessa on ne, ja pitää näytön päällä.",
  },
  preview: { text: "Teksti", label: "Luokka" },
  fileProblems: {
    tooLarge: (file, numBytes, maxBytes) =>
      `${file}: koko ${bytes(numBytes)}, mutta tämä sivu lukee enintään ${bytes(maxBytes)}. Käytä pienempää osaa siitä.`,
    tooManyRows: (file, numRows, maxRows) =>
      `${file}: ${count(numRows, { one: "rivi", other: "riviä" })}, mutta tämä sivu käyttää enintään ${whole(maxRows)}. Käytä pienempää osaa siitä.`,
    textTask: (title) =>
      `”${title}” vaatii sanallisia vastauksia, ja tämä sivu lukee vain tiedostoja, joissa joka tekstillä on luokka. Ota osa ajon esimerkeistä.`,
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
    train: "Opetetaan tämän välilehden esimerkeillä",
    logits: "Luetaan suurella mallilla",
    distil: "Tislataan suuri malli pieneen",
    answers: "Vastataan raportin viesteihin",
  },
  explanations: {
    unapproved: "Ylläpitäjä päästää jokaisen välilehden mukaan erikseen. Jätä tämä välilehti auki: se aloittaa itsestään.",
    paused: "Tämä välilehti ei saa uutta työtä ennen kuin jatkat.",
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
  },
  notices: {
    reset:
      "Koordinaattorilla ei enää ole tämän välilehden aiempaa työtä, joten välilehti aloittaa taas yhteisistä parametreista. Sinun ei tarvitse tehdä mitään.",
    chooseAgain: (isKept) =>
      `Tämä sivu ladattiin uudelleen, ja esimerkkisi olivat vain tällä välilehdellä. Valitse sama tiedosto uudelleen; välilehti ${
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
    shared: "yhteinen",
    notShared: "ei yhteinen",
    lossTitle: "Tämän välilehden häviö",
    noLossYet: "Käyrä alkaa ensimmäisestä opetusaskeleesta.",
    lossNote: "Tasoitettu noin viiden askeleen yli; pienempi on parempi.",
    working: "Työskentelee",
    taskProgress: "Tämän tehtävän eteneminen",
    downloadProgress: "Latauksen eteneminen",
    stepOf: (step, numSteps) => `askel ${whole(step)}/${whole(numSteps)}`,
    taskOf: (deviceId, round) => `laite ${deviceId}, kierros ${round}`,
    tasksDone: (numTasks) => `${count(numTasks, { one: "tehtävä", other: "tehtävää" })} tehty tällä välilehdellä`,
    downloaded: (numBytes, totalBytes) => `${bytes(numBytes)} / ${bytes(totalBytes)}`,
    pace: (bytesPerSecond, secondsLeft) => `${bytes(bytesPerSecond)}/s · vielä ${formats.seconds(Math.round(secondsLeft))}`,
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
  },
  traffic: {
    title: "Tämän välilehden liikenne",
    sent: "lähetetty",
    saved: "säästetty lähettämällä vähemmän",
    received: "vastaanotettu",
    note: "Mallin lataus ei ole mukana. Säästetty: verrattuna siihen, että lähetettäisiin kaikki kerrokset, neljä tavua lukua kohti.",
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
  },
  results: {
    title: "Tulokset",
    newcomer,
    scoreNames: { rougeL: "ROUGE-L", tokenAccuracy: "sanapalojen tarkkuus" },
    personalised: "osallistuneilla laitteilla, niiden omilla parametreilla",
    zeroShot: "ennen opetusta",
    ofTexts,
  },
  figures: {
    noRound: "Ei vielä kierrosta",
    round: (round) => `Ajon vaihe: ${round}`,
    noScores: "Kerroksilla ei ole vielä pisteitä",
    scores: (list, selected) =>
      `Pisteet: ${list}. ${selected === null ? "Kerroksia ei ole vielä valittu" : `Yhteiset kerrokset: ${selected.join(", ") || "ei yhtään"}`}.`,
    score: (layer, score) => `kerros ${layer}: ${score === null ? "ei pisteitä" : formats.digits(score, 3)}`,
    noLoss: "Ei vielä häviötä",
    loss: (first, latest) => `Opetushäviö: alussa ${first}, nyt ${latest}`,
    tabs: (numTabs) => count(numTabs, tabs),
  },
  stage: { title: "Lava" },
  tryPage: { title: "Kokeile mallia" },
};
