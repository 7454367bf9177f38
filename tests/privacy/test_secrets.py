"""Secrets are found, by their value alone, and what only looks like one is left. Values are drawn here."""

from __future__ import annotations

import base64
import random
import string
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memguard.privacy.secrets import SecretDetector

WORD = string.ascii_letters + string.digits
SAFE = WORD + "-_"
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits
DETECTOR = SecretDetector()
DRAWN = random.Random(4)

# each format as pieces: a constant, or (how many, of which characters)
Piece = str | tuple[int, str]
TOKENS: dict[str, tuple[Piece, ...]] = {
    "openai project": ("sk-", "proj-", (64, SAFE)),
    "anthropic": ("sk-", "ant-", "api03-", (93, SAFE)),
    "github": ("gh", "p_", (36, WORD)),
    "github fine-grained": ("github", "_pat_", (22, WORD), "_", (59, WORD)),
    "gitlab": ("gl", "pat-", (20, SAFE)),
    "google": ("AI", "za", (35, SAFE)),
    "google oauth": ("GOC", "SPX-", (28, SAFE)),
    "hugging face": ("h", "f_", (34, WORD)),
    "npm": ("np", "m_", (36, WORD)),
    "pypi": ("py", "pi-", (120, SAFE)),
    "slack": ("xo", "xb-", (12, string.digits), "-", (13, string.digits), "-", (24, WORD)),
    "slack webhook": ("https://hooks.slack", ".com/services/T", (8, UPPER), "/B", (8, UPPER), "/", (24, WORD)),
    "discord webhook": ("https://discord", ".com/api/webhooks/", (18, string.digits), "/", (68, SAFE)),
    "digital ocean": ("do", "p_v1_", (64, HEX)),
    "sendgrid": ("S", "G.", (22, SAFE), ".", (43, SAFE)),
    "shopify": ("shp", "at_", (32, HEX)),
    "stripe restricted": ("rk", "_live_", (24, WORD)),
    "stripe webhook": ("wh", "sec_", (32, WORD)),
    "supabase": ("sb", "p_", (40, HEX)),
    "linear": ("lin", "_api_", (40, WORD)),
    "notion": ("nt", "n_", (46, WORD)),
    "telegram": ((10, "123456789"), ":A", "A", (33, SAFE)),
    "twilio": ("S", "K", (32, HEX)),
    "mailgun": ("ke", "y-", (32, HEX)),
    "aws id": ("AK", "IA", (16, UPPER)),
    "a later issuer": ("bkr", "_live_", (30, WORD)),
    "jwt": ("ey", "J", (30, WORD), ".", (80, WORD), ".", (43, SAFE)),
    "artifactory, by detect-secrets": ("AK", "C", (64, WORD)),
    "square, by detect-secrets": ("sq0", "csp-", (43, WORD)),
}


def drawn(*pieces: Piece) -> str:
    text = "".join(p if isinstance(p, str) else "".join(DRAWN.choices(p[1], k=p[0])) for p in pieces)
    return text if text[-1] not in "-_" else text[:-1] + "7"


def found(text: str) -> list[tuple[str, str]]:
    return [(text[span.start : span.end], span.type) for span in DETECTOR.find([text])[0]]


def sole(text: str, value: str, type_: str) -> None:
    """The text has one secret, exactly this one."""
    assert found(text) == [(value, type_)], text


@pytest.mark.parametrize("family", TOKENS)
@pytest.mark.parametrize("said", ["{}", "our key is {} for now", "TOKEN={}", "take `{}`, please.", "DEPLOY_{}"])
def test_a_token_is_found_by_its_form(family: str, said: str) -> None:
    if family == "artifactory, by detect-secrets" and "DEPLOY" in said:
        pytest.skip("detect-secrets wants a space or a sign before it")
    value = drawn(*TOKENS[family])
    if said.startswith("take") and family.startswith("artifactory"):
        said = 'take "{}", please.'
    sole(said.replace("{}", value), value, "API_KEY")


@pytest.mark.parametrize(
    "said",
    ["api_key: {}", "X-Api-Key: {}", 'clientSecret = "{}"', "AWS_SECRET_ACCESS_KEY={}", "the secret for staging is {}",
     "https://a.example.com/v1?api_key={}&page=2", '"access_token": "{}"', "Authorization: Bearer {}",
     "Cookie: a=b; sessionid={}; c=d",
     "//registry.npmjs.org/:_authToken={}", "SUPABASE_SERVICE_ROLE_KEY={}"],
)  # fmt: skip
@pytest.mark.parametrize("pieces", [(40, WORD), (64, HEX)])
def test_a_key_is_found_by_its_name(said: str, pieces: tuple[int, str]) -> None:
    value = drawn(pieces)
    sole(said.replace("{}", value), value, "API_KEY")


def test_pairs_in_base64_are_found() -> None:
    value = base64.b64encode(b"ana:" + drawn((12, WORD)).encode()).decode()
    sole(f"Authorization: Basic {value}", value, "API_KEY")
    sole(f'{{"auths": {{"r.example.com": {{"auth": "{value}"}}}}}}', value, "API_KEY")
    assert found("use Basic authentication, Basic realm") == []


@pytest.mark.parametrize(
    "said",
    ["my password is {}", "the wifi pass: {}", "password for the admin panel is {} now", "pw {}", "DB_PASSWORD={}",
     "db_password: {}", '"password": "{}"', "dbPassword = '{}'", "i changed my password to {}",
     "user: bob, password {}",
     "hey the netflix password is {} ok", "mein passwort ist {}", "mi contraseña es {}", "mon mot de passe est {}",
     "minha senha é {}", "moje hasło to {}", "пароль: {}", "密码是{}", "パスワードは{}", "비밀번호는 {}",
     "curl -u bob:{} https://a.example.com", "PGPASSWORD={} psql", "machine a.example.com login bob password {}",
     "db.example.com:5432:shop:bob:{}", "https://bob:{}@git.example.com/a.git", "sshpass -p {} ssh a",
     "creds: bob / {}",
     "kubectl create secret generic a --from-literal=password={}", "- name: DB_PASSWORD\n  value: {}",
     "<password>{}</password>",
     "CREATE USER bob IDENTIFIED BY '{}'", "WIFI:T:WPA;S:Home;P:{};;",
     "the password to the nas is {}, keep it", "wifi - pass: {}"],
)  # fmt: skip
@pytest.mark.parametrize("value", ["hunter2", "blue-Whale_77", "swordfish", "changeme", "Tr0ub4dor&3"])
def test_a_password_is_found_in_people_s_words_and_in_files(said: str, value: str) -> None:
    sole(said.replace("{}", value), value, "PASSWORD")


@pytest.mark.parametrize(
    "said",
    ["I use {} as my password", "my admin password got changed, it's {} now", "wifi: {}", "我的密码是{}", "wifi密码{}",
     "パスワードは{}です", "netflix login is dana@example.com / {}", "пароль от вайфая {}", "password (temp): {}"],
)  # fmt: skip
def test_an_odd_password_is_found_further_off(said: str) -> None:
    sole(said.replace("{}", "popcorn22"), "popcorn22", "PASSWORD")


def test_a_passphrase_is_found_whole() -> None:
    sole("the passphrase is maple orbit salmon ferry", "maple orbit salmon ferry", "PASSWORD")


@pytest.mark.parametrize(
    "said",
    ["pin is {}", "my card pin: {}", "use code {} to log in", "your verification code is {}", "{} is your login code",
     "the alarm code is {}", "my otp is {}", "i changed my pin to {}", "TAN {}", "votre code de vérification est {}",
     "код подтверждения: {}", "验证码：{}", "the code for the lockbox is {}", "the gate opens with {}",
     "PIN meiner Karte: {}", "my verification code just now was {}", "enter {} to sign in",
     "recovery code {}9-11a2b"],
)  # fmt: skip
@pytest.mark.parametrize("value", ["4821", "493021"])
def test_a_code_is_found(said: str, value: str) -> None:
    value = f"{value}9-11a2b" if "recovery" in said else value
    sole(said.replace("{}9-11a2b", "{}").replace("{}", value), value, "OTP")


def test_a_list_of_backup_codes_is_found_each() -> None:
    codes = [drawn((4, HEX), "7", "-", (4, HEX), "3") for _ in range(4)]
    assert found(f"github backup codes: {', '.join(codes)}.") == [(code, "OTP") for code in codes]


@pytest.mark.parametrize(
    "form",
    ["postgres://app:{}@db:5432/shop", "postgresql+asyncpg://app:{}@10.0.0.4/shop?ssl=true", "redis://:{}@cache:6379/0",
     "mongodb+srv://app:{}@c0.example.net/a", "Server=db;Database=shop;User Id=sa;Password={};Encrypt=True;",
     "jdbc:mysql://db:3306/shop?user=a&password={}", "app:{}@tcp(127.0.0.1:3306)/shop",
     "host=db user=app password={} dbname=shop"],
)  # fmt: skip
@pytest.mark.parametrize("said", ["{}", "staging runs on {}", 'DATABASE_URL="{}"'])
def test_a_connection_string_is_found_whole(form: str, said: str) -> None:
    value = form.replace("{}", drawn((12, WORD), "7"))
    sole(said.replace("{}", value), value, "CONNECTION_STRING")
    assert found(said.replace("{}", form.replace("{}", "<password>"))) == []


@pytest.mark.parametrize("kind", ["", "RSA ", "OPENSSH ", "EC ", "ENCRYPTED "])
@pytest.mark.parametrize("line_end", ["\n", "\\n", "\r\n"])
def test_a_private_key_is_found_whole(kind: str, line_end: str) -> None:
    dashes = "-" * 5
    lines = [drawn((64, WORD)) for _ in range(5)]
    key = line_end.join([f"{dashes}BEGIN {kind}PRIVATE KEY{dashes}", *lines, f"{dashes}END {kind}PRIVATE KEY{dashes}"])
    sole(f"the key:\n{key}\nuse it", key, "PRIVATE_KEY")
    cut = key[: key.index(f"{dashes}END")].rstrip("\r\n\\n")
    assert found(cut)[0][0].endswith(lines[-1][-8:].rstrip("n")), "a key that was cut off is one, too"
    assert found(key.replace("PRIVATE", "PUBLIC")) == []
    assert found(f"{dashes}BEGIN {kind}PRIVATE KEY{dashes} is how the file begins") == []


def test_a_private_key_in_one_word_is_found() -> None:
    for value in (drawn("AGE-SECRET", "-KEY-1", (58, UPPER)), drawn("nse", "c1", (58, string.ascii_lowercase))):
        sole(f"it is {value} here", value, "PRIVATE_KEY")


@pytest.mark.parametrize("between", [" ", ", ", "\n"])
def test_a_seed_phrase_is_found(between: str) -> None:
    phrase = between.join("ripple canyon velvet orbit salmon tunnel pledge waffle hybrid cactus lemon frost".split())
    sole(f"my wallet words: {phrase}", phrase, "SEED_PHRASE")
    sole(f"this is your seed phrase {phrase} and you must never lose it", phrase, "SEED_PHRASE")


NO_SECRETS = (
    """
password must be 12 characters long|i forgot my password again and the site is down|the password policy is strict
pin the version|PIN the dependency to 4.2.1|pin node to 20|GPIO pin 1234 floats|code review 1234|exit code 137
error code 500123|zip code 90210|promo code 493021|sign-in failed with code 500123|order 493021 shipped
password: <password>|password=${DB_PASSWORD}|api_key: YOUR_API_KEY|token: xxxxxxxxxxxxxxxx|password: ********
password = os.environ["DB_PASSWORD"]|password: str = Field(min_length=12)|token = request.headers["Authorization"]
GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}|AWS_SECRET_ACCESS_KEY is set in CI|login(password=password, user=user)
max_tokens=200000|the access token expires after 900 seconds|secret: app-secret-v2|the key is under the mat
"password": "Enter your password"|tests pass 124 of 130|pass: 124, fail: 3|the wifi password is on the fridge
https://example.com:8080/path/@scope/pkg|git@github.com:org/repo.git|redis://cache:6379/0|seed 42 for the generator
the password manager is 1Password|la clave es trabajar|sk-learn-compatible-estimator-interface-v2|Erlang OTP 27.1
90210 is my zip code|5001 is the error code|for the buffer use 2048.|my gym pass is gold|see (Tan, 2019)
the seed phrase should never be kept in plain text because someone could steal your coins from you
""".replace("\n", "|")
    .strip("|")
    .split("|")
)


@pytest.mark.parametrize("text", NO_SECRETS)
def test_what_only_speaks_of_secrets_is_left(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "said",
    ["commit {40}", "sha256:{64}", "md5 {32}", '"integrity": "sha512-{b64}=="', "request {uuid} failed: token expired",
     "the api key hash is {64}", "pk_live_{24}", "ssh-rsa AAAA{b64} bob@host", "data:image/png;base64,iVBORw0KGgo{b64}",
     "cache key user:{32}:profile", "secret rotated in commit {40}", "public_key: {64}", "client_id: {32}"],
)  # fmt: skip
def test_look_alikes_are_left(said: str) -> None:
    uuid = "-".join(drawn((n, HEX)) for n in (8, 4, 4, 4, 12))
    for mark, value in {
        "{32}": drawn((32, HEX)), "{40}": drawn((40, HEX)), "{64}": drawn((64, HEX)), "{24}": drawn((24, WORD)),
        "{b64}": drawn((86, WORD + "+/")), "{uuid}": uuid,
    }.items():  # fmt: skip
        said = said.replace(mark, value)
    assert found(said) == []


def test_invisible_and_full_width_characters_hide_nothing() -> None:
    value = drawn(*TOKENS["github"])
    hidden = "\u200b".join(value)
    sole(f"\ufeffkey\u200d: {hidden}\u200b!", hidden, "API_KEY")
    wide = "".join(chr(ord(c) + 0xFEE0) for c in "hunter2")
    sole(f"my password is {wide}", wide, "PASSWORD")


TEXTS = [f"my pin is {n}" for n in (1234, 99887)] + ["nothing", "password: swordfish", "token " + drawn((32, WORD)), ""]


@given(st.lists(st.sampled_from(TEXTS), max_size=6))
def test_a_text_s_result_does_not_depend_on_its_batch(texts: list[str]) -> None:
    assert SecretDetector().find(texts) == [DETECTOR.find([text])[0] for text in texts]


@given(st.text(alphabet="password is:=@/ab1-\"'\n\u200bкод", max_size=120))
def test_spans_are_in_order_inside_the_text_and_apart(text: str) -> None:
    spans = DETECTOR.find([text])[0]
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(one.end <= other.start for one, other in zip(spans, spans[1:], strict=False))


@pytest.mark.parametrize(
    "piece",
    ["the password for the site of the team is not here. ", "password ", "Server=a;", "eyJ", "//", "a:b@", "-", "=",
     "sk-", "-" * 5 + "BEGIN PRIVATE KEY" + "-" * 5 + "\n", "backup codes: abc12 ", "a:*:b:c:", "https://a:b"],
)  # fmt: skip
def test_time_grows_with_the_text_alone(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * (length // len(piece) + 1))[:length]
        start = time.process_time()
        DETECTOR.find([text])
        return time.process_time() - start

    short = max(seconds(12_500), 0.002)
    assert seconds(100_000) / short < 8 * 4, "eight times the text: linear, with room for a busy machine"


def test_a_secret_at_the_end_of_a_long_text_is_found() -> None:
    value = drawn(*TOKENS["gitlab"])
    text = "we moved the boat and then had soup. " * 5_400 + value
    assert len(text) > 199_000
    sole(text, value, "API_KEY")


def test_import_does_not_load_detect_secrets() -> None:
    code = "import sys, memguard, memguard.privacy.secrets; sys.exit('detect_secrets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
