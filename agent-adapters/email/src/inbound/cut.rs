//! A reply without what it quotes and without signature.
//!
//! Mail programs put what they quote below a heading of their own: a sentence with a date and a
//! verb (`On 3 March ... wrote:`), a block of headers (`From: ... Sent: ... To: ...`), or a line
//! that says that the original follows. What is below the first of these, or below a signature, is
//! left out, and so are lines that are quoted one by one.

/// Lines that a heading may be broken into.
const BROKEN: usize = 4;
/// A heading is no longer than this.
const LONGEST: usize = 400;

/// The text that somebody wrote themselves. Where nothing is left of it, as when all is quoted with
/// answers in between, the whole text without its quoted lines.
#[must_use]
pub fn without_quotes(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let end = (0..lines.len())
        .find(|at| ends_at(&lines, *at))
        .unwrap_or(lines.len());
    let own = kept(lines.get(..end).unwrap_or(&lines));
    if own.is_empty() { kept(&lines) } else { own }
}

fn kept(lines: &[&str]) -> String {
    let own: Vec<&str> = lines
        .iter()
        .copied()
        .filter(|line| !line.trim_start().starts_with('>'))
        .collect();
    let last = own
        .iter()
        .rposition(|line| !line.is_empty() && !is_rule(line))
        .map_or(0, |last| last + 1);
    let first = own.iter().position(|line| !line.is_empty()).unwrap_or(last);
    own.get(first..last).unwrap_or_default().join("\n")
}

fn ends_at(lines: &[&str], at: usize) -> bool {
    let Some(line) = lines.get(at).map(|line| line.trim()) else {
        return false;
    };
    let line = line.trim_start_matches('\u{feff}');
    if line.is_empty() || line.starts_with('>') {
        return false;
    }
    original_follows(line)
        || is_signature(lines, at)
        || is_footer(line)
        || sent_from(line, at == 0 || blank(lines, at - 1))
        || headers_begin(lines, at)
        || heading(lines, at)
        || closes(lines, at)
}

fn blank(lines: &[&str], at: usize) -> bool {
    lines.get(at).is_none_or(|line| line.trim().is_empty())
}

/// `-----Original Message-----`, in several languages.
fn original_follows(line: &str) -> bool {
    const WORDS: &[&str] = &[
        "original message",
        "originalmessage",
        "forwarded message",
        "message d'origine",
        "message d’origine",
        "message original",
        "message transféré",
        "ursprüngliche nachricht",
        "originalnachricht",
        "weitergeleitete nachricht",
        "oprindelig besked",
        "oprindelig meddelelse",
        "videresendt",
        "opprinnelig melding",
        "ursprungligt meddelande",
        "originalmeddelande",
        "alkuperäinen viesti",
        "oorspronkelijk bericht",
        "doorgestuurd bericht",
        "messaggio originale",
        "messaggio inoltrato",
        "mensaje original",
        "mensaje reenviado",
        "mensagem original",
        "wiadomość oryginalna",
        "oryginalna wiadomość",
        "исходное сообщение",
        "пересылаемое сообщение",
        "původní zpráva",
        "eredeti üzenet",
        "orijinal mesaj",
        "原始邮件",
        "原始郵件",
        "元のメッセージ",
        "reply message",
        "reply above this line",
    ];
    let dashes = |c: char| matches!(c, '-' | '_' | '=' | '*' | '–' | '—' | '#');
    let inner = line
        .trim_matches(|c: char| dashes(c) || c == ' ')
        .to_lowercase();
    let framed = line.starts_with(|c: char| dashes(c))
        && line.trim_start_matches(dashes).len() + 2 <= line.len();
    framed
        && (WORDS
            .iter()
            .any(|word| inner.starts_with(word) && inner.len() <= word.len() + 12)
            || (inner.starts_with("on ") && inner.ends_with("wrote")))
}

/// A line of nothing but dashes or the like.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 2
        && line
            .chars()
            .all(|c| matches!(c, '-' | '_' | '=' | '*' | '—' | '–'))
}

/// `-- ` and its relatives, with something below.
fn is_signature(lines: &[&str], at: usize) -> bool {
    let line = lines.get(at).map_or("", |line| line.trim());
    let mark = matches!(line, "--" | "—" | "–" | "---" | "__")
        || (line.len() >= 5 && line.chars().all(|c| c == '_'));
    mark && (line == "--" || !blank(lines, at + 1))
}

/// What lists and offices put below every mail.
fn is_footer(line: &str) -> bool {
    let low = line.to_lowercase();
    low.starts_with("you received this message because you are subscribed")
        || low.starts_with("to unsubscribe from this group")
}

/// `Sent from my phone`, on a line of its own.
fn sent_from(line: &str, after_blank: bool) -> bool {
    const WORDS: &[&str] = &[
        "sent from my ",
        "sent from mail for",
        "sent from outlook",
        "sent from yahoo",
        "sent from typeapp",
        "sent from the ",
        "sent from a ",
        "sent from proton",
        "sent from samsung",
        "sent via ",
        "sent with ",
        "get outlook for",
        "from my iphone",
        "envoyé de mon",
        "envoyé depuis",
        "envoyé à partir de",
        "télécharger outlook",
        "obtenez outlook",
        "gesendet von",
        "von meinem ",
        "gesendet mit",
        "enviado desde",
        "enviado do ",
        "enviado de ",
        "enviado via",
        "obtener outlook",
        "inviato da",
        "verzonden vanaf",
        "verstuurd vanaf",
        "verzonden met",
        "skickat från",
        "sendt fra",
        "lähetetty ",
        "wysłano z",
        "wysłane z",
        "отправлено с",
        "отправлено из",
        "iphone'umdan gönderildi",
        "发自我的",
    ];
    let low = line.to_lowercase();
    let bare = low.split(['<', '(']).next().unwrap_or(&low);
    after_blank
        && bare.split_whitespace().count() <= 9
        && !bare.trim_end().ends_with(['?', ';', ','])
        && WORDS.iter().any(|word| low.starts_with(word))
}

/// Names of headers as mail programs translate them, and whether a block may begin with one.
const LABELS: &[(&str, bool)] = &[
    ("from", true),
    ("de", true),
    ("von", true),
    ("van", true),
    ("da", true),
    ("från", true),
    ("fra", true),
    ("lähettäjä", true),
    ("od", true),
    ("от", true),
    ("от кого", true),
    ("expéditeur", true),
    ("absender", true),
    ("remitente", true),
    ("mittente", true),
    ("afzender", true),
    ("feladó", true),
    ("kimden", true),
    ("发件人", true),
    ("寄件者", true),
    ("差出人", true),
    ("message du", true),
    ("date", true),
    ("datum", true),
    ("fecha", true),
    ("data", true),
    ("dato", true),
    ("sent", false),
    ("to", false),
    ("cc", false),
    ("subject", false),
    ("reply-to", false),
    ("envoyé", false),
    ("envoyé le", false),
    ("à", false),
    ("a", false),
    ("objet", false),
    ("sujet", false),
    ("copie à", false),
    ("gesendet", false),
    ("an", false),
    ("betreff", false),
    ("kopie", false),
    ("verzonden", false),
    ("aan", false),
    ("onderwerp", false),
    ("inviato", false),
    ("oggetto", false),
    ("enviado", false),
    ("enviado el", false),
    ("para", false),
    ("asunto", false),
    ("assunto", false),
    ("skickat", false),
    ("till", false),
    ("ämne", false),
    ("sendt", false),
    ("til", false),
    ("emne", false),
    ("lähetetty", false),
    ("vastaanottaja", false),
    ("aihe", false),
    ("wysłano", false),
    ("do", false),
    ("temat", false),
    ("отправлено", false),
    ("кому", false),
    ("тема", false),
    ("дата", false),
    ("küldve", false),
    ("címzett", false),
    ("tárgy", false),
    ("kime", false),
    ("konu", false),
    ("发送时间", false),
    ("收件人", false),
    ("主题", false),
    ("送信日時", false),
    ("宛先", false),
    ("件名", false),
    ("importance", false),
];

/// A block of three headers and more.
fn headers_begin(lines: &[&str], at: usize) -> bool {
    let label = |line: &str| {
        let line = line.trim().trim_matches('*').trim_start();
        let (name, rest) = line.split_once([':', '：'])?;
        let name = name.trim().trim_matches('*').to_lowercase();
        let known = LABELS.iter().find(|(label, _)| *label == name)?;
        (!rest.starts_with("//")).then_some((known.1, rest.trim().to_owned()))
    };
    let Some((true, _)) = lines.get(at).and_then(|line| label(line)) else {
        return false;
    };
    let rest = lines.get(at + 1..).unwrap_or_default();
    let block = rest.iter().take(8).take_while(|line| {
        // An address may stand on a line of its own.
        !line.trim().is_empty()
    });
    block.filter(|line| label(line).is_some()).count() >= 2
}

/// `On 3 March 2026 at 10:12, Mara <mara@agency.example> wrote:`, in many languages and over
/// several lines.
fn heading(lines: &[&str], at: usize) -> bool {
    const VERBS: &[&str] = &[
        "wrote",
        "writes",
        "a écrit",
        "schrieb",
        "ha scritto",
        "escribió",
        "escribio",
        "escreveu",
        "schreef",
        "geschreven",
        "skrev",
        "kirjoitti",
        "napisał",
        "napisał(a)",
        "napisała",
        "napsal",
        "napísal",
        "написал",
        "написала",
        "написал(а)",
        "пишет",
        "написав",
        "írta",
        "yazdı",
        "şunu yazdı",
        "a scris",
        "έγραψε",
        "写道",
        "書きました",
        "のメール",
        "viết",
        "menulis",
        "je napisao",
        "napisao je",
        "wrote ----",
    ];
    let mut joined = String::new();
    for more in 0..BROKEN {
        let Some(line) = lines.get(at + more).map(|line| line.trim()) else {
            return false;
        };
        if more > 0 && (line.is_empty() || line.starts_with('>') && !line.starts_with(">:")) {
            return false;
        }
        if more > 0 {
            joined.push(' ');
        }
        joined.push_str(line);
        if joined.len() > LONGEST {
            return false;
        }
        let low = joined.to_lowercase();
        let Some(ended) = low
            .strip_suffix([':', '：'])
            .or_else(|| low.strip_suffix("----"))
        else {
            continue;
        };
        let ended = ended.trim_end();
        let digits = low.chars().filter(char::is_ascii_digit).count();
        let first = lines.get(at).map_or("", |line| line.trim()).to_lowercase();
        let dated = first.chars().any(|c| c.is_ascii_digit());
        let verb = VERBS
            .iter()
            .any(|verb| ended.ends_with(verb) || low.contains(&format!(" {verb} ")));
        let address = low.contains('@');
        // A date and somebody who wrote; or a date and an address, whatever the language.
        if dated && ((verb && digits >= 3) || (address && digits >= 4 && ended.ends_with('>')))
            || (dated && address && digits >= 4 && verb)
        {
            return true;
        }
        return false;
    }
    false
}

/// A closing phrase on a line of its own, with a name and little more below it.
fn closes(lines: &[&str], at: usize) -> bool {
    const PHRASES: &[&str] = &[
        "regards",
        "best regards",
        "kind regards",
        "warm regards",
        "with regards",
        "with kind regards",
        "with best regards",
        "many thanks and regards",
        "thanks and regards",
        "best wishes",
        "all the best",
        "sincerely",
        "yours sincerely",
        "yours faithfully",
        "yours truly",
        "cordially",
        "cordialement",
        "bien cordialement",
        "bien à vous",
        "mit freundlichen grüßen",
        "mit freundlichen grüssen",
        "freundliche grüße",
        "viele grüße",
        "beste grüße",
        "liebe grüße",
        "herzliche grüße",
        "mfg",
        "gruß",
        "saludos",
        "un saludo",
        "saludos cordiales",
        "atentamente",
        "cordiali saluti",
        "distinti saluti",
        "saluti",
        "atenciosamente",
        "cumprimentos",
        "met vriendelijke groet",
        "vriendelijke groeten",
        "groeten",
        "med vänliga hälsningar",
        "vänliga hälsningar",
        "mvh",
        "med venlig hilsen",
        "med vennlig hilsen",
        "venlig hilsen",
        "ystävällisin terveisin",
        "terveisin",
        "pozdrawiam",
        "z poważaniem",
        "с уважением",
        "s pozdravem",
        "üdvözlettel",
        "saygılarımla",
    ];
    let line = lines.get(at).map_or("", |line| line.trim());
    let bare = line
        .trim_end_matches([',', '.', '!', ';', ' '])
        .to_lowercase();
    if at == 0 || !PHRASES.contains(&bare.as_str()) {
        return false;
    }
    let below = lines.get(at + 1..).unwrap_or_default();
    let said: Vec<&&str> = below
        .iter()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let short = |line: &&&str| line.split_whitespace().count() <= 8 && !line.trim().ends_with('?');
    said.len() <= 8 && said.iter().all(short)
}
