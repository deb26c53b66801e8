"""HTTP clients: requests, httpx and httpx2, aiohttp, urllib3, niquests, browsers."""

from rules.libraries.model import (
    Blocking,
    Client,
    External,
    Kind,
    Library,
    Sdk,
    Timeout,
    alike,
    each,
    leaving,
    made,
    waiting,
)

ASYNC_CLIENT = "`httpx2.AsyncClient` or an `aiohttp` session"
VERBS = "get post put patch delete head options request"

_requests = Blocking("", Kind.NET, ASYNC_CLIENT)
_httpx = Blocking("", Kind.NET, "`httpx.AsyncClient`")
_httpx2 = Blocking("", Kind.NET, "`httpx2.AsyncClient`")
_niquests = Blocking("", Kind.NET, "`niquests.AsyncSession`")
_SIGNS_IN, _SIGNED_IN = (
    f"authlib.integrations.starlette_client.{name}" for name in ("OAuth", "StarletteOAuth2App")
)
_browser = Blocking("", Kind.NET, "`playwright.async_api`")
_sync = External("", is_async=False)
_async = External("", is_async=True)

_REQUEST_SESSIONS = (
    "requests.Session",
    "requests_html.HTMLSession",
    "requests_toolbelt.sessions.BaseUrlSession",
    "requests_oauthlib.OAuth2Session",
    "requests_oauthlib.OAuth1Session",
    "cachecontrol.CacheControl",
    "requests_cache.CachedSession",
    "cloudscraper.CloudScraper",
    "google.auth.transport.requests.AuthorizedSession",
    "authlib.integrations.requests_client.OAuth2Session",
    "authlib.integrations.requests_client.OAuth1Session",
    "tweepy.OAuth2UserHandler",
)
_OAUTH_SESSIONS = (
    "requests_oauthlib.OAuth2Session",
    "authlib.integrations.requests_client.OAuth2Session",
    "tweepy.OAuth2UserHandler",
)
_POOLS = (
    "urllib3.PoolManager",
    "urllib3.ProxyManager",
    "urllib3.HTTPConnectionPool",
    "urllib3.HTTPSConnectionPool",
)
_CLIENT_METHODS = f"{VERBS} send stream"
_ASYNC_CLIENTS = ("httpx.AsyncClient", "httpx2.AsyncClient")
_HTTPX_COST = "a TLS context, tens of milliseconds of processor time, and every connection anew"


def _browsers() -> dict[str, str]:
    """What leads to a page: `sync_playwright().start().chromium.launch().new_page()`."""
    found: dict[str, str] = {}
    for api in ("sync", "async"):
        package = f"playwright.{api}_api"
        found |= {
            f"{package}.{api}_playwright": f"{package}.Playwright",
            f"{package}.Playwright.start": f"{package}.Playwright",
            f"{package}.BrowserType.launch": f"{package}.Browser",
            f"{package}.BrowserType.connect": f"{package}.Browser",
            f"{package}.BrowserType.connect_over_cdp": f"{package}.Browser",
            f"{package}.BrowserType.launch_persistent_context": f"{package}.BrowserContext",
            f"{package}.Browser.new_context": f"{package}.BrowserContext",
            f"{package}.Browser.new_page": f"{package}.Page",
            f"{package}.BrowserContext.new_page": f"{package}.Page",
        }
    return found


_SDKS = (
    Sdk(
        ("gql.Client",),
        "execute",
        "`client.execute_async`, or a session of `async with client`",
        ("gql.Client",),
        "execute_async",
    ),
)

LIBRARY = Library(
    blocking=(
        *each(_requests, "requests", VERBS),
        *each(_requests, _REQUEST_SESSIONS, f"{VERBS} send"),
        *each(_requests, _OAUTH_SESSIONS, "fetch_token refresh_token"),
        *each(_requests, "requests.Response", "iter_content iter_lines"),
        *each(_niquests, "niquests", VERBS),
        *each(_niquests, "niquests.Session", f"{VERBS} send"),
        *each(_httpx, "httpx", f"{VERBS} stream"),
        *each(_httpx, "httpx.Client", _CLIENT_METHODS),
        *each(_httpx2, "httpx2", f"{VERBS} stream"),
        *each(_httpx2, "httpx2.Client", _CLIENT_METHODS),
        *each(_requests, "urllib3", "request"),
        *each(_requests, _POOLS, "request urlopen request_encode_url request_encode_body"),
        *each(_requests, "pycurl.Curl", "perform"),
        *each(_requests, "mechanize.Browser", "open"),
        *each(_requests, "mechanize", "urlopen"),
        *each(_requests, "curl_cffi.requests", VERBS),
        *each(_requests, "curl_cffi.requests.Session", VERBS),
        *each(
            Blocking("", Kind.NET, "`playwright.async_api`", construct=True, weight="high"),
            "selenium.webdriver",
            "Chrome Firefox Edge Remote Safari",
        ),
        *each(
            _browser,
            (
                "selenium.webdriver.Chrome",
                "selenium.webdriver.Firefox",
                "selenium.webdriver.Edge",
                "selenium.webdriver.Remote",
            ),
            "get find_element find_elements refresh quit execute_script save_screenshot",
        ),
        *each(
            _browser,
            "playwright.sync_api.Page",
            "goto click fill content screenshot pdf wait_for_selector evaluate",
        ),
        *each(_browser, "playwright.sync_api.BrowserType", "launch connect connect_over_cdp"),
        *each(
            Blocking("", Kind.NET, "`playwright.async_api.async_playwright`", construct=True, weight="high"),
            "playwright.sync_api",
            "sync_playwright",
        ),
        *each(
            Blocking("", Kind.NET, "`zeep.AsyncClient`", construct=True),
            "zeep",
            "Client",
        ),
        *each(Blocking("", Kind.NET, "`zeep.AsyncClient`"), "zeep.Client.service", "*"),
        *each(Blocking("", Kind.NET, "`websockets.connect`, awaited"), "websocket", "create_connection"),
        *each(Blocking("", Kind.NET, "`websockets.connect`, awaited"), "websockets.sync.client", "connect"),
        *each(
            Blocking("", Kind.NET, "`websockets.connect`, awaited"),
            "websockets.sync.client.ClientConnection",
            "recv",
        ),
        *each(Blocking("", Kind.NET, "an asynchronous client"), "feedparser", "parse"),
        *each(Blocking("", Kind.NET, "an asynchronous client"), "whois", "whois"),
        *each(
            Blocking("", Kind.NET, "`dns.asyncresolver.resolve`", weight="high"),
            "dns.resolver",
            "resolve query",
        ),
        *each(
            Blocking("", Kind.NET, "`dns.asyncresolver.resolve`", weight="high"),
            "dns.resolver.Resolver",
            "resolve query",
        ),
        *each(Blocking("", Kind.NET, "a raw asynchronous ping", weight="high"), "ping3", "ping verbose_ping"),
        *each(
            Blocking("", Kind.NET, "an asynchronous client"),
            "jwt.PyJWKClient",
            "get_signing_key get_signing_key_from_jwt get_signing_keys get_jwk_set fetch_data",
        ),
        *waiting(_SDKS),
    ),
    external=(
        *each(_sync, "requests", VERBS),
        *each(_sync, _REQUEST_SESSIONS, f"{VERBS} send"),
        *each(_sync, ("niquests", "niquests.Session"), VERBS),
        *each(_sync, ("httpx", "httpx2"), f"{VERBS} stream"),
        *each(_sync, ("httpx.Client", "httpx2.Client"), _CLIENT_METHODS),
        *each(_async, _ASYNC_CLIENTS, _CLIENT_METHODS),
        *each(_async, "niquests.AsyncSession", VERBS),
        *each(_async, "niquests", "aget apost aput apatch adelete ahead aoptions arequest"),
        *each(_async, "aiohttp.ClientSession", f"{VERBS} ws_connect"),
        *each(_async, "aiohttp", "request"),
        *each(_sync, "urllib3", "request"),
        *each(_sync, _POOLS, "request urlopen request_encode_url request_encode_body"),
        *each(_sync, ("curl_cffi.requests", "curl_cffi.requests.Session"), VERBS),
        *each(_async, "curl_cffi.requests.AsyncSession", VERBS),
        *each(
            _async,
            "authlib.integrations.httpx_client.AsyncOAuth2Client",
            f"{_CLIENT_METHODS} fetch_token refresh_token",
        ),
        *each(_sync, "zeep.Client.service", "*"),
        *each(_async, "websockets", "connect"),
        *each(
            _async,
            _SIGNED_IN,
            "authorize_access_token fetch_access_token userinfo load_server_metadata get post put patch delete request",
        ),
        *each(External("", is_async=False, kind="dns"), "dns.resolver", "resolve"),
        *each(_sync, "playwright.sync_api.Page", "goto"),
        *each(_async, "playwright.async_api.Page", "goto"),
        *each(_sync, "jwt.PyJWKClient", "get_signing_key get_signing_key_from_jwt get_jwk_set fetch_data"),
        *leaving(_SDKS),
    ),
    clients=(
        *(
            Client(
                f"playwright.{api}_api.BrowserType.launch",
                "close",
                "sdk",
                "the start of a browser, with its processes",
                550.0,
                is_async=api == "async",
            )
            for api in ("sync", "async")
        ),
        Client("httpx.AsyncClient", "aclose", "http", _HTTPX_COST, 23.0, is_async=True),
        Client("httpx.Client", "close", "http", _HTTPX_COST, 23.0),
        Client("httpx2.AsyncClient", "aclose", "http", _HTTPX_COST, 25.0, is_async=True),
        Client("httpx2.Client", "close", "http", _HTTPX_COST, 25.0),
        *each(
            Client("", "", "http-call", _HTTPX_COST, 23.0),
            ("httpx", "httpx2"),
            f"{VERBS} stream",
        ),
        Client(
            "aiohttp.ClientSession",
            "close",
            "http",
            "every connection anew: DNS, TCP and TLS",
            0.02,
            is_async=True,
        ),
        Client("requests.Session", "close", "http", "every connection anew: DNS, TCP and TLS", 0.01),
        Client("niquests.Session", "close", "http", "every connection anew: DNS, TCP and TLS"),
        Client(
            "niquests.AsyncSession", "close", "http", "every connection anew: DNS, TCP and TLS", is_async=True
        ),
        Client("urllib3.PoolManager", "clear", "http", "every connection anew: DNS, TCP and TLS"),
        Client(
            "authlib.integrations.httpx_client.AsyncOAuth2Client",
            "aclose",
            "http",
            _HTTPX_COST,
            23.0,
            is_async=True,
        ),
        Client("zeep.Client", "", "sdk", "the download and parsing of the service description"),
        Client("jwt.PyJWKClient", "", "sdk", "its cache of keys: the key set is fetched again"),
    ),
    timeouts=(
        *each(Timeout("", "timeout"), "requests", VERBS),
        *each(Timeout("", "timeout"), _REQUEST_SESSIONS[:4], VERBS),
        *each(Timeout("", "timeout"), "requests.Session", "send"),
        *each(Timeout("", "timeout"), "urllib3", "request"),
        Timeout("websocket.create_connection", "timeout", 1),
        Timeout("aiohttp.ClientSession", "timeout", seconds=300.0, suggest="aiohttp.ClientTimeout(total=10)"),
    ),
    returns={
        **alike("Session session", "requests.Session", "requests"),
        **{name: name for name in _REQUEST_SESSIONS},
        **alike("create_scraper CloudScraper", "cloudscraper.CloudScraper", "cloudscraper"),
        **alike(VERBS, "requests.Response", "requests"),
        **alike(f"{VERBS} send", "requests.Response", "requests.Session"),
        "niquests.Session": "niquests.Session",
        "niquests.AsyncSession": "niquests.AsyncSession",
        **{
            f"{package}.{name}": f"{package}.{name}"
            for package in ("httpx", "httpx2")
            for name in ("Client", "AsyncClient", "Timeout", "Limits")
        },
        **{
            f"{package}{owner}.{name}": f"{package}.Response"
            for package in ("httpx", "httpx2")
            for owner in (".Client", ".AsyncClient")
            for name in _CLIENT_METHODS.split()
        },
        **{
            f"{package}.{name}": f"{package}.Response"
            for package in ("httpx", "httpx2")
            for name in (*VERBS.split(), "stream")
        },
        "aiohttp.ClientSession": "aiohttp.ClientSession",
        "aiohttp.ClientTimeout": "aiohttp.ClientTimeout",
        **alike(VERBS, "aiohttp.ClientResponse", "aiohttp.ClientSession"),
        "urllib3.PoolManager": "urllib3.PoolManager",
        "urllib3.ProxyManager": "urllib3.ProxyManager",
        "urllib3.HTTPConnectionPool": "urllib3.HTTPConnectionPool",
        "urllib3.HTTPSConnectionPool": "urllib3.HTTPSConnectionPool",
        "pycurl.Curl": "pycurl.Curl",
        "mechanize.Browser": "mechanize.Browser",
        "curl_cffi.requests.Session": "curl_cffi.requests.Session",
        "curl_cffi.requests.AsyncSession": "curl_cffi.requests.AsyncSession",
        "authlib.integrations.httpx_client.AsyncOAuth2Client": "authlib.integrations.httpx_client.AsyncOAuth2Client",
        "zeep.Client": "zeep.Client",
        _SIGNS_IN: _SIGNS_IN,
        **alike("register create_client", _SIGNED_IN, _SIGNS_IN),
        "jwt.PyJWKClient": "jwt.PyJWKClient",
        "dns.resolver.Resolver": "dns.resolver.Resolver",
        "websockets.sync.client.connect": "websockets.sync.client.ClientConnection",
        **_browsers(),
        **{
            f"selenium.webdriver.{name}": f"selenium.webdriver.{name}"
            for name in ("Chrome", "Firefox", "Edge", "Remote")
        },
        **made(_SDKS),
    },
    attributes={
        f"playwright.{api}_api.{name}": made
        for api in ("sync", "async")
        for name, made in (
            *(
                (f"Playwright.{kind}", f"playwright.{api}_api.BrowserType")
                for kind in ("chromium", "firefox", "webkit")
            ),
            ("Page.context", f"playwright.{api}_api.BrowserContext"),
        )
    },
    aliases={
        "requests.sessions.Session": "requests.Session",
        "websockets.asyncio.client.connect": "websockets.connect",
        "requests.sessions.session": "requests.session",
        "requests.api": "requests",
        "requests.models.Response": "requests.Response",
        "httpx._client.AsyncClient": "httpx.AsyncClient",
        "httpx._client.Client": "httpx.Client",
        "httpx._api": "httpx",
        "aiohttp.client.ClientSession": "aiohttp.ClientSession",
        "aiohttp.client": "aiohttp",
        "urllib3.poolmanager.PoolManager": "urllib3.PoolManager",
        "urllib3.connectionpool.HTTPConnectionPool": "urllib3.HTTPConnectionPool",
        "urllib3.connectionpool.HTTPSConnectionPool": "urllib3.HTTPSConnectionPool",
        "requests.packages.urllib3": "urllib3",
        "authlib.integrations.httpx_client.OAuth2Client": "httpx.Client",
        "selenium.webdriver.chrome.webdriver.WebDriver": "selenium.webdriver.Chrome",
        "jwt.jwks_client.PyJWKClient": "jwt.PyJWKClient",
        "zeep.client.Client": "zeep.Client",
        "gql.client.Client": "gql.Client",
    },
    open_attributes={_SIGNS_IN: _SIGNED_IN},
    members=frozenset(
        {"register", "create_client", "cache", "load_config", "framework_integration_cls", "init_app"}
    ),
    bases=dict.fromkeys(_REQUEST_SESSIONS[1:], "requests.Session"),
)
