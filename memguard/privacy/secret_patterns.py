"""The shapes of secrets that need no words around them: tokens by their issuer's prefix, connection strings, markers.

Every quantifier is bounded or stops at a character that its neighbour cannot take, so that a scan is linear. Tokens
are anchored by `(?<![A-Za-z0-9])`, as `\\b` does not split at the underscore of `KEY_sk-...`.
"""

from __future__ import annotations

import re

_WORD = "[A-Za-z0-9]"
_URL_SAFE = "[A-Za-z0-9_-]"
_BASE64 = "[A-Za-z0-9+/]"

TOKENS = (
    # models and their tools
    rf"sk-(?:proj|svcacct|admin|ant|or|lf|litellm)-{_URL_SAFE}{{20,}}",
    rf"sk-{_WORD}{{20,}}",
    rf"(?:hf|api_org|r8|gsk|xai|pplx|nvapi|fw|tvly|jina|pcsk|lsv2|dckr_pat|co|e2b)[_-]{_URL_SAFE}{{20,}}",
    # code hosts, registries and their runners
    rf"gh[pousr]_{_WORD}{{30,}}",
    rf"github_pat_{_WORD}{{10,}}_{_WORD}{{20,}}",
    r"(?:glpat|gldt|glrt|glcbt|glptt|glft|glsoat|glimt|glagent|gloas)-[A-Za-z0-9_.-]{16,}",
    rf"(?:npm|shpat|shpca|shpss|shppa|rubygems|ntn|secret|lin_api|lin_oauth|nfp|vcp|vca|vck|vercel|cio"
    rf"|ciov)_{_WORD}{{24,}}",
    rf"pypi-{_URL_SAFE}{{40,}}",
    r"ATAT?T3[A-Za-z0-9_=-]{40,}",
    rf"ATBB{_WORD}{{24,}}",
    rf"(?:bkua|CCIPAT)_{_URL_SAFE}{{20,}}",
    # clouds
    r"(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    rf"AIza{_URL_SAFE}{{35}}(?!{_URL_SAFE})",
    rf"GOCSPX-{_URL_SAFE}{{20,}}",
    rf"ya29\.{_URL_SAFE}{{30,}}",
    rf"1//0{_URL_SAFE}{{30,}}",
    r"[A-Za-z0-9_~.]{3}8Q~[A-Za-z0-9_~.-]{31,37}",
    r"do[opr]_v1_[a-f0-9]{40,}",
    rf"(?:sbp|sb_secret|pscale_tkn|pscale_pw|pscale_oauth|fm[12]|fo1|hvs|hvb|hvr|rnd|neon|napi"
    rf"|tskey-[a-z]+)[_.-]{_URL_SAFE}{{20,}}",
    r"FlyV1 fm\d_[A-Za-z0-9+/=]{40,}",
    rf"{_WORD}{{14}}\.atlasv1\.{_URL_SAFE}{{40,}}",
    r"(?:dp\.(?:pt|st|sa|ct|scim|audit)\.|pul-|sntrys_|sntryu_|dapi|glsa_|glc_|phx_|ops_|sl\.|waka_|figd_"
    r"|figu_)[A-Za-z0-9_=+/.-]{30,}",
    rf"(?:NRAK|NRII|NRAA|NRRA)-{_WORD}{{20,}}",
    # money
    rf"(?:sk|rk)_(?:live|test|prod)_{_WORD}{{16,}}",
    rf"whsec_{_BASE64}{{24,}}={{0,2}}",
    rf"sq0[a-z]{{3}}-{_URL_SAFE}{{22,}}",
    rf"EAA(?:A{_URL_SAFE}{{56,}}|{_WORD}{{80,}})",
    r"access_token\$(?:production|sandbox)\$[a-z0-9]{16}\$[a-f0-9]{32}",
    # messages and mail
    rf"xox[a-z](?:\.xox[a-z])?-{_URL_SAFE}{{10,}}",
    rf"xapp-\d-{_URL_SAFE}{{20,}}",
    rf"SG\.{_URL_SAFE}{{16,}}\.{_URL_SAFE}{{16,}}",
    r"key-[a-f0-9]{32}(?![A-Za-z0-9])",
    r"[a-f0-9]{32}-[a-f0-9]{8}-[a-f0-9]{8}(?![A-Za-z0-9-])",
    r"[a-f0-9]{32}-us\d{1,2}(?![A-Za-z0-9])",
    r"SK[a-f0-9]{32}(?![A-Za-z0-9])",
    rf"xkeysib-[a-f0-9]{{64}}-{_WORD}{{16}}",
    rf"(?:PMAK|re|sk_prod|pat)[-_]{_WORD}{{8,}}[-_.]{_URL_SAFE}{{16,}}",
    rf"pat{_WORD}{{14}}\.[a-f0-9]{{64}}",
    rf"[MNO]{_URL_SAFE}{{23,27}}\.{_URL_SAFE}{{6}}\.{_URL_SAFE}{{27,40}}",
    rf"\d{{8,10}}:AA{_URL_SAFE}{{32,34}}(?!{_URL_SAFE})",
    # further issuers, and the form that newer ones share
    rf"(?:squ|sqp|sqa|sgp|tfp|rdme|pnu|dckr_oat|fio-u|ico|HRKU|CFPAT|CLOJARS|FLWSECK(?:_TEST)?|sgd"
    rf"|pat-\w{{2}}\d)[_-]{_WORD}{{20,}}",
    rf"(?:LTAI|AKID|AQVN|oy2|EZ[AT]K|amzn\.mws\.|dt0c01\.{_WORD}{{24}}\.){_URL_SAFE}{{16,}}",
    rf"(?!(?i:pk|key|token|secret)_)[A-Za-z][A-Za-z0-9]{{1,9}}_(?:live|prod|sandbox|sk|pat|secret|priv|token"
    rf"|key)_{_WORD}{{16,}}",
    # signed claims, and webhooks whose path is the secret
    rf"eyJ{_URL_SAFE}{{10,}}\.{_URL_SAFE}{{10,}}(?:\.{_URL_SAFE}{{10,}})?(?:\.{_URL_SAFE}{{10,}}){{0,2}}",
    r"https://hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/]{20,}",
    rf"https://(?:\w{{1,10}}\.)?discord(?:app)?\.com/api/(?:v\d{{1,2}}/)?webhooks/\d{{15,21}}/{_URL_SAFE}{{40,}}",
    r"https://[\w.-]{1,60}\.webhook\.office\.com/webhookb2/[A-Za-z0-9@/-]{60,}",
    r"https://chat\.googleapis\.com/v1/spaces/[\w-]{5,40}/messages\?key=[\w%&=.-]{40,}",
    rf"https://hooks\.zapier\.com/hooks/catch/\d{{3,12}}/{_WORD}{{5,}}",
    r"https://[\w.-]{1,60}/webhook[\w/-]{0,40}/[A-Za-z0-9]{24,}",
)
TOKEN = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(TOKENS)})")
AWS_PAIR = re.compile(
    rf"A[KS]IA[A-Z0-9]{{16}}[\s,/:|;\"']{{1,6}}(?:(?:and |aws )?secret(?: access)?(?: key)?[\s:=]{{1,3}})?"
    rf"({_BASE64}{{40}})(?![A-Za-z0-9+/=])"
)
SIGNATURE = re.compile(r"(?:[?&]|&amp;)(?:sig|X-Amz-Signature|X-Goog-Signature|signature)=([A-Za-z0-9%+/=_-]{20,})")
RAW_PRIVATE = re.compile(
    r"(?<![A-Za-z0-9])(?:AGE-SECRET-KEY-1[A-Z0-9]{50,}|nsec1[a-z0-9]{50,}|[xyztuv]prv[A-Za-z0-9]{90,}"
    r"|LS0tLS1CRUdJTi[A-Za-z0-9+/=]{40,})"
)
"""Private keys that are one word; the last is a PEM block in base64, as kubeconfig holds it."""

PEM = re.compile(r"-{4,5} ?(BEGIN|END) (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)? ?-{4,5}")
PEM_BODY = re.compile(r"[A-Za-z0-9+/=]{30,}(?:(?:\s|\\[nr])+[A-Za-z0-9+/=]{4,})*")
PUTTY = re.compile(r"Private-Lines: \d{1,4}\s+((?:[A-Za-z0-9+/=]{4,80}\s*){1,400})")

URL = re.compile(
    r"(?<![A-Za-z0-9+])(?:jdbc:)?([A-Za-z][A-Za-z0-9+.-]{1,30})://([^\s:/@\"'<>`]{0,120}):([^\s/\"'<>`]{1,300})@"
    r"([^\s\"'<>`]{1,500})"
)
URL_WITH_PASSWORD = re.compile(
    r"(?<![A-Za-z0-9+])(?:jdbc:[a-z0-9:]{2,30}|[A-Za-z][A-Za-z0-9+]{1,20})(?::@)?:?//[^\s\"'<>`?;]{1,200}[?;]"
    r"[^\s\"'<>`]{0,300}?(?<![A-Za-z0-9])(?:password|pwd)=([^\s\"'<>`&;]{1,100})[^\s\"'<>`]{0,300}",
    re.IGNORECASE,
)
ORACLE = re.compile(r"jdbc:oracle:(?:thin|oci):[^\s/@\"']{1,60}/([^\s@\"']{1,100})@[^\s\"'<>]{3,200}")
GO_DSN = re.compile(
    r"(?<![\w.-])[\w.-]{1,60}:([^\s@/\"']{1,100})@(?:tcp|tcp6|unix)\([^)\s]{1,100}\)/[\w?&=%.+-]{0,200}"
)
_ADO_KEY = (
    "server|data source|host|hostname|address|addr|endpoint|defaultendpointsprotocol|accountname|initial catalog"
    "|database|uid|user id|user|username|port|driver|provider|network address|dsn"
)
ADO = re.compile(
    rf"(?<![A-Za-z0-9])(?:{_ADO_KEY})\s?=\s?[^;\s\"'][^;\"'\r\n]{{0,199}}"
    r"(?:;\s?[A-Za-z][A-Za-z ]{1,30}\s?=\s?[^;\"'\r\n]{0,250}){1,20};?",
    re.IGNORECASE,
)
_LIBPQ_KEY = "host|hostaddr|port|user|dbname|sslmode|password|connect_timeout|application_name|target_session_attrs"
_BARE = "[^\\s\"'<>]{1,200}"
LIBPQ = re.compile(rf"(?<![\w.-])(?:{_LIBPQ_KEY})={_BARE}(?:\s(?:{_LIBPQ_KEY})={_BARE}){{2,12}}")
INNER_PASSWORD = re.compile(
    r"(?<![A-Za-z0-9])(?:password|pwd|accountkey|sharedaccesskey|sharedaccesssignature)\s?=\s?([^;\s]+)",
    re.IGNORECASE,
)

HEADERS = (
    re.compile(r"(?<![A-Za-z0-9])(?:bearer|authorization[\"']?\s{0,2}[:=]\s{0,2}[\"']?(?:token|apikey|key|bot))\s{1,3}"
               r"([A-Za-z0-9._~+/=-]{12,})", re.IGNORECASE),
    re.compile(r"(?<![A-Za-z0-9])(?:sessionid|session_id|session|sid|connect\.sid|phpsessid|jsessionid|csrftoken"
               r"|auth|remember_token|laravel_session|_\w{1,30}_session)=([A-Za-z0-9._~+/%:-]{16,}={0,2})",
               re.IGNORECASE),
)  # fmt: skip
BASE64_PAIR = re.compile(
    r"(?<![A-Za-z0-9])(?:basic\s{1,3}|auth[\"']\s{0,2}:\s{0,2}[\"']"
    r"|_auth\s{0,2}=\s{0,2}[\"']?)([A-Za-z0-9+/_-]{8,}={0,2})",
    re.IGNORECASE,
)
"""What decodes to `user:password`: a Basic header, docker's config.json, npm's `_auth`."""
COMMANDS = (
    re.compile(r"(?<!\S)(?:-u|--user|--proxy-user)[ =][\"']?[^\s:\"']{1,80}:([^\s\"']{3,120})"),
    re.compile(r"(?<!\S)sshpass -p ?[\"']?([^\s\"']{3,120})"),
    re.compile(r"(?<!\S)(?:mysql|mysqldump|mariadb|mysqladmin)\s(?:[^\n|;]{0,120}?\s)?-p([^\s\"']{3,120})"),
    re.compile(r"(?<!\S)--(?:[a-z]{1,20}-)?(?:password|passphrase|passwd|pass)[ =][\"']?([^\s\"']{3,120})"),
    re.compile(r"(?<!\S)redis-cli\s[^\n|;]{0,120}?-a ?[\"']?([^\s\"']{3,120})"),
    re.compile(r"(?<!\S)login\s{1,8}\S{1,80}\s{1,8}password\s{1,8}(\S{3,120})"),
    re.compile(r"^[\w.*-]{1,100}:(?:\d{4,5}|\*):[\w*-]{1,63}:[\w.*-]{1,63}:(\S{3,120})$", re.MULTILINE),
    re.compile(r"(?i)(?<![A-Za-z0-9])(?:identified (?:with \w{1,30} )?by|password) '([^'\s]{3,120})'"),
    re.compile(r"(?i)<(?:[a-z.]{1,20}[:_-])?(?:password|passwd|pass|secret|token|api-?key)>([^<\s]{3,200})</"),
    re.compile(
        r"(?i)name[\"']?: ?[\"']?\w{0,40}(?:password|passwd|secret|token|key)[\"']?,?\s{1,20}[\"']?value[\"']?: ?[\"']?"
        r"([^\s\"',}]{3,200})"
    ),
    re.compile(r"(?<![A-Za-z])auth=\(\s?[\"'][^\"'\n]{1,80}[\"'],\s?[\"']([^\"'\n]{3,120})[\"']"),
    re.compile(r"WIFI:(?:[A-Z]:[^;\n]{0,64};){0,4}P:([^;\n]{1,63});"),
)
"""Passwords by their place: a command line, .netrc, .pgpass, SQL, XML, a container's environment, a Wi-Fi QR code."""
RECOVERY_BITLOCKER = re.compile(r"(?<![\d-])\d{6}(?:-\d{6}){7}(?![\d-])")

PLUGINS = {
    "artifactory": "ArtifactoryDetector",
    "aws": "AWSKeyDetector",
    "azure_storage_key": "AzureStorageKeyDetector",
    "cloudant": "CloudantDetector",
    "discord": "DiscordBotTokenDetector",
    "github_token": "GitHubTokenDetector",
    "gitlab_token": "GitLabTokenDetector",
    "ibm_cloud_iam": "IbmCloudIamDetector",
    "ibm_cos_hmac": "IbmCosHmacDetector",
    "mailchimp": "MailchimpDetector",
    "openai": "OpenAIDetector",
    "pypi_token": "PypiTokenDetector",
    "sendgrid": "SendGridDetector",
    "slack": "SlackDetector",
    "softlayer": "SoftlayerDetector",
    "square_oauth": "SquareOAuthDetector",
    "stripe": "StripeDetector",
    "telegram_token": "TelegramBotTokenDetector",
    "twilio": "TwilioKeyDetector",
}
"""Plugins of detect-secrets by module. Left out: the two of entropy (they report ordinary words of prose), public IPs
(no secret), private keys (it yields the header alone), JWT and npm (quadratic on a hostile line), basic auth and key
words; for the last four the rules here reach further."""
