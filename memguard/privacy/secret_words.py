"""The words that stand before a secret in people's sentences and in configuration, and the rules made of them."""

from __future__ import annotations

import re

OPENERS = (
    "p/w|psw|pswd|passw|pass ?words?|pass ?phrases?|pass-?codes?|passwd|passwrd|pwd|pw|pass|passwort|kennwort"
    "|contraseña|contrasena|clave|mot de passe|mdp|senha|palavra[- ]passe|wachtwoord|lösenord|passord|adgangskode"
    "|kodeord|salasana|hasło|haslo|heslo|jelszó|lozinka|geslo|parola|parole|şifrem?|sifrem?|parolam|пароль|пароля|密码"
    "|密碼|口令|パスワード|비밀번호|kata sandi|sandi"
    "|mật khẩu|كلمة المرور|كلمة السر|סיסמה|הסיסמה|κωδικός|रहस्य|पासवर्ड|รหัสผ่าน"
)
IS = (
    r"(?:\s(?:is|was|are|remains|stays|equals|ist|war|lautet|heißt|es|era|est|é|è|era|är|er|is het|on|jest"
    r"|je)(?=\s)(?:\s(?:now|currently|still|just|set to|changed to|going to be|jetzt|ahora|maintenant))?"
    r"|\s?(?:[:=]{1,2}|->|=>|→|：|是|为|為|は|는|은)|\s(?:changed|set|updated|reset|rotated) to(?=\s)"
    r"|(?<=has[łl]o)\sto(?=\s)|\s-(?=\s)|\s?(?:це|это|—|–)(?=\s))"
)
_NO = r"(?<![A-Za-z0-9])"
_NOUN = (
    r"(?!s?[ -](?:policy|policies|manager|managers|field|fields|reset|resets|length|hash|hashes|hashing|prompt|form"
    r"|dialog|strength|rule|rules|protected|protection|generator|generation|rotation|expiry|expiration|change|changes"
    r"|input|file|store|storage|vault|hint|hints|column|attempts?|based|less|grant|authentication|auth|login|logins"
    r"|checks?|validation|validator|requirements?|recovery|page|flow|grammar|env|variable|parameter|argument|option"
    r"|flag|setting|type|name|free)\b)"
)
_FOR = (
    r"(?:\s?\([^()\n]{1,30}\))?(?:\s(?:for|to|of|on|at|in|from|with|i|we|you|für|zum|zur|von|vom|der|des|meiner|meines"
    r"|de|del|para|pour|du|da|do|di|della|voor|van|til|till|per|dla|от|для)\s"
    r"(?:[^\n.:;!?=]|\.(?=\S)){1,60}?)?"
)
_OPEN = r"\s{0,3}([\"'“‘`«*]{0,2})"
_VALUE = r"([^\s。，、；”’»]{1,200})"
_QUOTED = r"(?<=[\"'“‘`«])([^\"'”’`»\n]{1,80})(?=[\"'”’`»])"
PASSWORD_IS = re.compile(rf"{_NO}(?:{OPENERS}){_NOUN}{_FOR}{IS}{_OPEN}(?:{_QUOTED}|{_VALUE})", re.IGNORECASE)
AMBIGUOUS = re.compile(r"clave|pass\s(?!-)", re.IGNORECASE)
"""Also a key to success, and a ski pass: a plain word behind "is" is none of their passwords."""
PASSWORD_FAR = re.compile(
    rf"{_NO}(?:{OPENERS}){_NOUN}[\s,(][^\n.:;!?=]{{1,60}}?{IS}{_OPEN}(?:{_QUOTED}|{_VALUE})", re.IGNORECASE
)
"""Any words between: only an odd value counts."""
PASSWORD_TO = re.compile(
    rf"{_NO}(?:chang|set|reset|updat|rotat|switch|mak|put|us)\w{{0,4}}\s(?:[^\n.;!?]{{0,60}}?\s)?(?:{OPENERS}){_NOUN}"
    rf"(?:\s(?:for|of|on|at|from)\s[^\n.:;!?=]{{1,60}}?)?\s(?:to|into|as|auf){_OPEN}(?:{_QUOTED}|{_VALUE})",
    re.IGNORECASE,
)
PASSWORD_NOW = re.compile(
    rf"{_NO}(?:{OPENERS})(?!\w){_NOUN}[^\n.;!?]{{1,60}}?\b(?:it['’]?s|it\sis|one\sis){_OPEN}(?:{_QUOTED}|{_VALUE})",
    re.IGNORECASE,
)
PASSWORD_BARE = re.compile(
    rf"{_NO}(?:{OPENERS})(?:['’]s)?{_NOUN}(?:\s(?:for|von|vom|para|del?|du|van|от|для)\s\S{{1,40}})?,?\s{{1,3}}([\"'“‘`«*]{{0,2}})(?:{_QUOTED}|{_VALUE})",
    re.IGNORECASE,
)
PASSWORD_AFTER = re.compile(
    rf"(?<!\S)[\"'“‘`]?(\S{{4,100}}?)[\"'”’`]?\s(?:is|was|as)\s(?:(?:the|my|our|your|his|her"
    rf"|their)\s)(?:[\w-]{{1,20}}\s){{0,2}}"
    rf"(?:{OPENERS})(?![\w])",
    re.IGNORECASE,
)
PASSWORD_UNSPACED = re.compile(
    r"(?:密码|密碼|口令|パスワード|暗証番号|비밀번호)\s?(?:是|为|為|は|는|은|[:：])?\s?([!-~]{4,60})"
)
"""Where a script puts no space between words."""
WIFI_KEY = re.compile(
    rf"{_NO}(?:wi-?fi|wlan)(?:[- ]?(?:code|key|schlüssel|sleutel){_FOR}{IS}|:)\s{{1,2}}[\"'`]?([^\s\"'`]{{8,63}})",
    re.IGNORECASE,
)
PLAIN_BEFORE = re.compile(
    r"(?:(?<![A-Za-z])(?:user(?:name)?|log-?in|account|wi-?fi|wlan|ssid|network)\W{1,3}\S{2,40}(?:\s-|,|;|\sand"
    r"|\swith|\s/)|(?<![A-Za-z])(?:wi-?fi|wlan)\s?[-–,:])\s$",
    re.IGNORECASE,
)
"""What makes a plain word behind "password" its value: a user's or a network's name just before."""
PHRASE = re.compile(
    rf"{_NO}(?:{OPENERS}){_FOR}{IS}{_OPEN}([a-z]{{2,12}}(?:[ -][a-z]{{2,12}}){{2,7}})(?=[\"'”’`».,;)]?\s*$)",
    re.IGNORECASE | re.MULTILINE,
)
CREDENTIALS = re.compile(
    r"(?<![A-Za-z0-9])(?:creds?|credentials?|log-?in|sign-?in|wi-?fi|wlan|user(?:name)?\s?/\s?pass(?:word)?)"
    r"(?:\s(?:for|to|of)\s[^\n.:;!?=]{1,40}?)?(?:\s(?:is|are|as|with)"
    r"|\s?[:=])\s{1,2}[\"'`]?([^\s/:\"'`]{2,60})[\"'`]?"
    r"\s{0,2}[/:|,]\s{0,2}[\"'`]?([^\s\"'`]{4,100})",
    re.IGNORECASE,
)

KEY = (
    r"(?:(?:api|access|auth|secret|private|account|service|deploy|licen[sc]e|product|signing|encryption|master|admin"
    r"|app|bot|refresh|bearer|personal access|session|webhook|csrf|client|project|function|storage|recovery)[ _-]?)?"
    r"(?:keys?|tokens?|secrets?|credentials?|cookies?|jwt|pat)"
)
KEY_IS = re.compile(rf"{_NO}{KEY}{_FOR}(?:{IS}|\s){_OPEN}([A-Za-z0-9_~+/=.@#$%^*-]{{12,300}})", re.IGNORECASE)
NO_KEY_BEFORE = re.compile(
    r"(?<![A-Za-z])(?:public|publishable|cache|primary|foreign|partition|sort|idempotency|hash|dict|row|routing"
    r"|object|composite|registry|lookup|map|json|yaml|config|shard|anon|anonymous|host|site|continuation|pagination"
    r"|next|page|cursor|sync|design|jira|issue|record|index)[ _-]?$",
    re.IGNORECASE,
)
"""What stands before "key" or "token" where it opens nothing."""
KEY_NEAR = re.compile(
    r"(?<![A-Za-z0-9])(?:api[ _-]?key|access[ _-]?key|auth[ _-]?key|secret|token|credential|password|passwd|bearer)s?"
    r"(?![A-Za-z0-9])",
    re.IGNORECASE,
)
CANDIDATE = re.compile(r"(?<![A-Za-z0-9_~+/=.@:-])[A-Za-z0-9_~+/=-]{16,300}")
DIGEST_NEAR = re.compile(
    r"(?<![A-Za-z])(?:sha-?\d*|md5|digest|hash(?:e[sd])?|checksum|fingerprint|commit|integrity|revision|etag|public"
    r"|id|uuid|path|file|image|build|version|thumbprint|serial)(?![A-Za-z])",
    re.IGNORECASE,
)
NEAR = 60
"""How many characters behind a key word an unlabelled value of high entropy is looked for."""

_CODE_OF = (
    "verification|authenticat(?:ion|or)|security|log-?in|sign-?in|access|confirmation|activation|unlock|entry|guard|door"
    "|gate|alarm|garage|lock-?box|lock|safe|vault|locker|building|key-?pad|voicemail|sms|sim|card|atm|debit|phone"
    "|backup|recovery|2fa|mfa|2-step|two-factor|otp|disarm|elevator|pairing|parental|device"
)
CODE = (
    rf"otp|o\.t\.p\.|totp|(?-i:PUK2?|TAN)|pass-?key|2fa|mfa|(?<!gpio )pin(?:[ -]?(?:code|number))?"
    rf"|(?:one[- ]time|single[- ]use) ?(?:pass)?(?:code|password|pin)|(?:{_CODE_OF}) ?(?:pin )?codes?"
    rf"|(?:lock|safe|locker|vault) comb(?:o|ination)"
    rf"|bestätigungscode|sicherheitscode|einmalcode|türcode|entsperrcode|zugangscode|verificatiecode"
    rf"|code pin|code (?:secret|confidentiel)|code de vérification|code de sécurité|code d['’]accès"
    rf"|c[óo]digo de (?:verificaci[óo]n|seguridad|acceso|verificaç[ãa]o|segurança)"
    rf"|codice di (?:verifica|sicurezza)|kod weryfikacyjny|doğrulama kodu"
    rf"|код подтверждения|пин(?:-?код)?|验证码|驗證碼|인증번호|認証コード|確認コード|暗証番号"
)
_DIGITS = (
    r"((?:[A-Z]{1,2}-)?\d{3}[ -]\d{3}(?:[ -]\d{3})?|(?:[A-Z]{1,2}-)?\d{4,10}[#*]?|[#*]\d{3,8}[#*]?"
    r"|\d{1,2}(?:-\d{1,2}){2,3}|\d(?: \d){3,7})(?![A-Za-z0-9_%]|[.:,/-]\d)"
)
_ALNUM = r"((?-i:(?=[A-Z0-9-]*\d)[A-Z0-9]{3,8}(?:-[A-Z0-9]{3,8}){0,3}))(?![\w-])"
CODE_IS = re.compile(
    rf"{_NO}(?:{CODE})(?:['’]s)?(?!\w)(?:{_FOR}{IS}|\s?#|,)?\s{{0,3}}[\"'“‘`(*]{{0,2}}(?:{_DIGITS}|(?:(?<=is )"
    rf"|(?<=: )|(?<=was )){_ALNUM})",
    re.IGNORECASE,
)
CODE_FAR = re.compile(
    rf"{_NO}(?:(?:verification|security|login|log-?in|access|unlock|door|gate|alarm|one[- ]time) (?:code|passcode)|otp)"
    rf"\s[^\n.:;!?=]{{1,40}}?\s(?:is|was)\s{_DIGITS}"
    rf"|{_NO}combination{_FOR}{IS}\s{{0,3}}{_DIGITS}"
    rf"|{_NO}(?:mi|tu|su|mon|ton|votre|mein|dein|ihr|il mio|meu|mój|twój|мой|ваш|твой)"
    rf"\s(?:c[óo]digo|codice|code|kod|код)"
    rf"{IS}\s{{0,3}}{_DIGITS}"
    rf"|{_NO}pin\s[^\n:;!?=]{{1,60}}?\b(?:one is|it['’]?s|it is)\s(\d{{4,8}})(?![\w.])",
    re.IGNORECASE,
)
CARD_CODE = re.compile(
    r"(?<![A-Za-z0-9])cv[cv]2?(?: code| number)?(?:\s(?:is|was)|:)?\s{1,2}(\d{3,4})(?![\w.])", re.IGNORECASE
)
ENTRY = re.compile(
    r"(?<![A-Za-z])(?:keypad|door|gate|alarm|lock-?box|intercom)\s(?:(?:is|opens with|opens on)\s)?(\d{3,8}[#*])"
    rf"|(?<![A-Za-z])(?:safe|door|gate|garage|lock|box|phone|locker)\s(?:opens|unlocks)\s(?:with|on|by)\s{_DIGITS}",
    re.IGNORECASE,
)
CODE_TO = re.compile(
    rf"{_NO}(?:chang|set|reset|updat)\w{{0,4}}\s(?:(?:my|the|our|your|her|his"
    rf"|new)\s)?(?:[\w'’]{{1,20}}\s){{0,2}}(?:{CODE})"
    rf"(?:\s(?:for|of|on)\s[^\n.:;!?=]{{1,40}}?)?\sto\s[\"'`]?{_DIGITS}",
    re.IGNORECASE,
)
CODE_PLAIN = re.compile(
    rf"(?<![A-Za-z])(?:([A-Za-z]{{1,20}})[ -])?(?:codes?|digits){_FOR}(?:\s(?:is|was|are)"
    rf"|\s?[:=])?[\s#]{{1,3}}[\"'`(*]{{0,2}}{_DIGITS}",
    re.IGNORECASE,
)
CODE_AFTER = re.compile(
    rf"(?<![\w.#-]){_DIGITS}\s(?:is|was|as|ist|es|est)\s(?:(?:the|your|my|our|her|his|their|a|tu|su|votre|dein|ihr)\s"
    rf"(?:[\w'’-]{{1,20}}\s){{0,3}}?(?:{CODE}|code)|{CODE})(?!\w)",
    re.IGNORECASE,
)
CODE_USED = re.compile(
    rf"(?<![A-Za-z])(?:use|enter|type|punch in|key in)\s(?:code\s)?{_DIGITS}"
    r"(?=\sto\s(?:log|sign|verif|confirm|authent|complet|unlock|disarm))"
    rf"|(?<![A-Za-z])unlock\w*\s(?:[a-z']{{1,12}}\s){{0,2}}(?:phone|tablet|ipad|laptop|screen|door|gate|safe|box|bike"
    rf"|car)\swith\s(?:code\s)?{_DIGITS}",
    re.IGNORECASE,
)
LOGIN_NEAR = re.compile(
    r"\b(?:log(?:ging)?[ -]?(?:in|on)|login|sign(?:ing)?[ -]?in|verif\w+|authenticat\w+|2fa|mfa|otp|one[- ]time"
    r"|two[- ]factor|security|expires? in|(?:do not|don['’]?t|never) share|unlock|door|gate|alarm|keypad|lock-?box"
    r"|locker|lock|(?:parcel|post|mail|key) ?box|garage|shed|apartment|building|let yourself in|get in(?:to)?|safe)\b",
    re.IGNORECASE,
)
FAILED_NEAR = re.compile(r"\b(?:fail\w*|error\w*|return\w*|exit\w*|crash\w*|status|raised|throws?)\b", re.IGNORECASE)
NOT_A_LOGIN = frozenset(
    "exit error status zip postal post area country response return http promo discount coupon voucher product item "
    "order booking tracking reference ticket dial dialing dialling qr bar source sort swift bank branch line lines "
    "invite referral review colour color hs tax airport currency language course class event race icd cpt stock sku "
    "gift stop reason fault op op-code result exception diagnostic trouble building-code dress morse character "
    "unicode key scan model part serial exit-code department cost project job team room".split()
)
RECOVERY = re.compile(
    r"(?<![A-Za-z0-9])(?:backup|recovery|scratch|emergency|restore|one-time)[ _-](?:codes?|keys?|passcodes?)"
    r"(?:\s(?:for|of|to|from)\s[^\n:;!?=]{1,60}?)?(?:\s(?:is|are)|\s?[:=-])?\s{1,3}",
    re.IGNORECASE,
)
RECOVERY_ITEM = re.compile(
    r"(?:\s{0,2}(?:[,;/|]|\band\b|\s-|\d{1,2}[.)](?=\s))){0,3}\s{0,3}[\"'`*•-]{0,2}"
    r"((?=[A-Za-z0-9-]{0,60}\d)[A-Za-z0-9]{3,12}(?:(?:-| (?=[A-Za-z]{0,12}\d))[A-Za-z0-9]{3,12}){0,9})(?!\w)"
)

SEED = re.compile(
    r"(?<![A-Za-z0-9])(?:seed|mnemonic|bip-?39|recovery phrase|recovery words|secret (?:recovery )?phrase|backup phrase"
    r"|wallet|metamask|ledger|trezor|phantom|(?:12|24|twelve|twenty-?four)[- ]word)"
    r"(?:\s(?:seed|recovery|secret|backup|wallet|phrase|words)){0,3}",
    re.IGNORECASE,
)
SEED_WORDS_MIN = 12
SEED_WORDS = re.compile(r"(?<![A-Za-z])[a-z]{3,8}(?:[\s,]{1,3}(?:\d{1,2}[.):]?\s?)?[a-z]{3,8}){11,60}(?![A-Za-z])")
NOT_IN_SEEDS = frozenset(
    "the and for are was not but his her him its our your you from were has had should would could because their into "
    "been which these also never with please always than them who why how may did does".split()
)
"""BIP39's English list holds none of these: a sentence has at least one in twelve words."""

ASSIGNED = re.compile(
    r"(?<![\w.-])(?<!\d:)([\w.-]{2,80})\\{0,2}[\"'`]?\]?\s{0,3}(?::=|=>|={1,3}|:(?!:|//))\s{0,3}"
    r"(?=[brfuBRFU@]{0,2}\\{0,2}([\"'`])([^\"'`\r\n]{1,400})\2|([^\s\"'`,;(){}\[\]<>\\][^\s\"'`,;<>]{2,400}))"
)
"""The value is looked at, not passed over: in `--set=password=x` it is a name and a value again."""
ASSIGNED_PASSWORD = re.compile(
    r"(?:.*_)?\w*(?:password|passwd|passwort|passphrase|contrasena|senha)\d?|(?:.*_)?(?:pass|pwd|pw|passcode|kennwort"
    r"|mdp)\d?"
)
ASSIGNED_KEY = re.compile(
    r"(?:.*_)?(?:secret|token|apikey|api_?token|authtoken|credentials?|jwt|bearer|cookie|session_?id|sid|dsn_secret"
    r"|hmac)\d?|(?:.*_)?(?:(?:api|secret|access|auth|account|shared|preshared|encryption|signing|master|service|admin"
    r"|deploy|storage|licen[sc]e|app|write|client|webhook|session|hmac|jwt|role|functions?|ingest|root|data"
    r"|management|instance)_?key|(?:secret|access)_key|key_secret|client_key_data)\d?"
)
ASSIGNED_PRIVATE = re.compile(r"(?:.*_)?private_?key(?:_base64|_hex)?")
ASSIGNED_CODE = re.compile(
    r"(?:.*_)?(?:pin|otp|totp|otp_code|pin_code|mfa_code|passcode_pin|puk|2fa|verification_code|totp_secret)"
)
