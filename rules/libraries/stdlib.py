"""The standard library: waiting, processes, sockets, mail, files, and offloading."""

from rules.libraries.model import Blocking, External, Kind, Library, Offload, Timeout, alike, each

HTTP = "`httpx2.AsyncClient` or an `aiohttp` session"
PROCESS = "`asyncio.create_subprocess_exec`"
STREAMS = "`asyncio.open_connection`"
FILES = "`anyio.open_file`, or a worker thread"
MAIL = "`aiosmtplib`"

_net = Blocking("", Kind.NET, HTTP)
_dns = Blocking("", Kind.NET, "`loop.getaddrinfo`", weight="high")
_socket = Blocking("", Kind.NET, STREAMS)
_mail = Blocking("", Kind.NET, MAIL)
_imap = Blocking("", Kind.NET, "`aioimaplib`")
_ftp = Blocking("", Kind.NET, "`aioftp`")
_process = Blocking("", Kind.PROC, PROCESS)
_wait = Blocking("", Kind.WAIT, "an `asyncio` primitive")
_disk = Blocking("", Kind.DISK, FILES)
_light = Blocking("", Kind.DISK, FILES, light=True)
_cpu = Blocking("", Kind.CPU, "a worker thread", weight="medium")
_gil = Blocking("", Kind.CPU, "a process pool, or a smaller payload", holds_gil=True, weight="low")

_PATHS = "pathlib.Path.iterdir"
"""What gives paths when it is gone through."""

_RESULTS = "concurrent.futures.Executor.map"
"""What waits for one result after the other when it is gone through."""

_external = External("", is_async=False)

LIBRARY = Library(
    blocking=(
        Blocking("time.sleep", Kind.SLEEP, "`await asyncio.sleep(...)`"),
        Blocking("builtins.input", Kind.WAIT, "a setting, or what the request brings"),
        *each(_net, "urllib.request", "urlopen urlretrieve"),
        *each(_net, "urllib.request.OpenerDirector", "open"),
        *each(
            _net,
            ("http.client.HTTPConnection", "http.client.HTTPSConnection"),
            "request getresponse connect send endheaders",
        ),
        *each(_net, "xmlrpc.client.ServerProxy", "*"),
        *each(_socket, "socket", "create_connection"),
        *each(
            _socket,
            "socket.socket",
            "connect connect_ex recv recvfrom recv_into recvmsg send sendall sendto sendmsg sendfile accept makefile",
        ),
        *each(_dns, "socket", "getaddrinfo gethostbyname gethostbyname_ex gethostbyaddr getfqdn getnameinfo"),
        Blocking("ssl.get_server_certificate", Kind.NET, "`asyncio.open_connection(host, port, ssl=…)`"),
        *each(_wait, "select", "select"),
        *each(_wait, ("select.poll", "select.epoll", "select.kqueue"), "poll"),
        *each(
            Blocking("", Kind.NET, MAIL, construct=True),
            "smtplib",
            "SMTP SMTP_SSL LMTP",
        ),
        *each(
            _mail,
            "smtplib.SMTP",
            "connect sendmail send_message login starttls quit ehlo helo noop rcpt mail data verify",
        ),
        *each(Blocking("", Kind.NET, "`aioimaplib`", construct=True), "imaplib", "IMAP4 IMAP4_SSL"),
        *each(
            _imap,
            "imaplib.IMAP4",
            "login authenticate select search fetch store append uid logout list status copy expunge starttls noop create"
            " delete rename close",
        ),
        *each(Blocking("", Kind.NET, "a worker thread", construct=True), "poplib", "POP3 POP3_SSL"),
        *each(
            Blocking("", Kind.NET, "a worker thread"),
            "poplib.POP3",
            "user pass_ stat list retr dele quit top uidl",
        ),
        *each(Blocking("", Kind.NET, "`aioftp`", construct=True), "ftplib", "FTP FTP_TLS"),
        *each(
            _ftp,
            "ftplib.FTP",
            "connect login retrbinary retrlines storbinary storlines nlst mlsd dir cwd pwd delete rename mkd rmd size sendcmd"
            " voidcmd quit",
        ),
        *each(Blocking("", Kind.NET, STREAMS, construct=True), "telnetlib", "Telnet"),
        *each(
            Blocking("", Kind.NET, STREAMS),
            "telnetlib.Telnet",
            "open read_until read_all read_some expect write",
        ),
        *each(Blocking("", Kind.NET, STREAMS, construct=True), "nntplib", "NNTP NNTP_SSL"),
        *each(
            Blocking("", Kind.NET, STREAMS), "nntplib.NNTP", "group article body head over post list newnews"
        ),
        *each(_process, "subprocess", "run call check_call check_output getoutput getstatusoutput"),
        Blocking("subprocess.Popen", Kind.PROC, PROCESS, construct=True, weight="high"),
        *each(_process, "subprocess.Popen", "wait communicate"),
        *each(_process, "subprocess.Popen.stdout", "read read1 readline readlines __iter__"),
        *each(
            Blocking("", Kind.PROC, PROCESS, weight="medium"),
            "subprocess.Popen.stdin",
            "write writelines flush",
        ),
        *each(_process, "os", "system popen wait waitpid wait3 wait4 waitid posix_spawn posix_spawnp"),
        *each(_process, "os", "spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe"),
        # files
        *each(_disk, "builtins", "open"),
        *each(_disk, "io", "open open_code"),
        *each(_disk, "os", "walk fwalk"),
        *each(_disk, "os", "fsync fdatasync sendfile copy_file_range"),
        *each(
            _light,
            "os",
            "listdir scandir remove unlink rename renames replace mkdir makedirs rmdir removedirs stat lstat open fdopen"
            " link symlink chmod chown access utime truncate",
        ),
        *each(
            _light,
            "os.path",
            "exists isfile isdir getsize getmtime getctime realpath islink samefile lexists",
        ),
        *each(
            _disk,
            "shutil",
            "copy copy2 copyfile copytree copyfileobj move rmtree make_archive unpack_archive",
        ),
        *each(_light, "shutil", "which disk_usage"),
        *each(_disk, "pathlib.Path", "read_text read_bytes write_text write_bytes open"),
        *each(
            _light,
            "pathlib.Path",
            "exists is_file is_dir is_symlink is_mount samefile stat lstat mkdir rmdir unlink rename replace touch resolve"
            " readlink symlink_to hardlink_to iterdir rglob chmod",
        ),
        *each(
            Blocking("", Kind.DISK, "`anyio.NamedTemporaryFile`"),
            "tempfile",
            "NamedTemporaryFile TemporaryFile mkstemp mkdtemp TemporaryDirectory",
        ),
        *each(_disk, "zipfile", "ZipFile"),
        *each(_disk, "zipfile.ZipFile", "extractall extract read write writestr testzip"),
        *each(_disk, "tarfile", "open"),
        *each(_disk, "tarfile.TarFile", "extractall extract add getmembers getnames"),
        *each(_disk, ("gzip", "bz2", "lzma"), "open"),
        *each(_disk, ("glob", "pathlib.Path"), "glob"),
        Blocking("fileinput.input", Kind.DISK, "`anyio.open_file`"),
        # waiting for threads, processes and futures
        *each(_wait, "threading.Thread", "join"),
        *each(
            _wait,
            ("threading.Lock", "threading.RLock", "threading.Semaphore", "threading.BoundedSemaphore"),
            "acquire",
        ),
        *each(_wait, "threading.Condition", "acquire wait wait_for"),
        *each(_wait, "threading.Event", "wait"),
        *each(_wait, "threading.Barrier", "wait"),
        *each(
            _wait, ("queue.Queue", "queue.LifoQueue", "queue.PriorityQueue", "queue.SimpleQueue"), "get put"
        ),
        *each(_wait, ("queue.Queue", "queue.LifoQueue", "queue.PriorityQueue"), "join"),
        *each(
            Blocking("", Kind.WAIT, "`await asyncio.wrap_future(...)`"),
            "concurrent.futures.Future",
            "result exception",
        ),
        *each(
            Blocking("", Kind.WAIT, "`await asyncio.wrap_future(...)`"),
            "concurrent.futures",
            "wait as_completed",
        ),
        Blocking(f"{_RESULTS}.__iter__", Kind.WAIT, "`asyncio.gather` of `loop.run_in_executor(...)`"),
        *each(
            Blocking("", Kind.WAIT, "`loop.run_in_executor`"),
            ("concurrent.futures.ThreadPoolExecutor", "concurrent.futures.ProcessPoolExecutor"),
            "shutdown",
        ),
        *each(_wait, "multiprocessing.Process", "join"),
        *each(
            Blocking("", Kind.WAIT, "`loop.run_in_executor` with a process pool"),
            "multiprocessing.pool.Pool",
            "map starmap apply join",
        ),
        *each(
            Blocking("", Kind.WAIT, "`loop.run_in_executor`"),
            "multiprocessing.pool.ThreadPool",
            "map starmap apply join",
        ),
        *each(_wait, "multiprocessing.Queue", "get put"),
        *each(_wait, "multiprocessing.pool.AsyncResult", "get wait"),
        *each(_wait, "multiprocessing.connection.Connection", "recv recv_bytes poll"),
        # computing
        *each(_cpu, ("gzip", "zlib", "bz2", "lzma"), "compress decompress"),
        Blocking("copy.deepcopy", Kind.CPU, "a smaller object", weight="low"),
        *each(_gil, "json", "dumps loads load"),
        Blocking("json.dump", Kind.CPU, "a worker thread", weight="low"),  # it writes piece by piece
        *each(_gil, ("pickle", "marshal"), "dumps loads dump load"),
        *each(_gil, "builtins", "sorted"),
        *each(_gil, "re", "match search fullmatch sub subn findall finditer split"),
        *each(_gil, "csv", "reader"),
        Blocking("csv.DictReader", Kind.CPU, "a worker thread that reads all rows", weight="low"),
        *each(
            Blocking("", Kind.CPU, "a worker thread: the hash releases the interpreter", seconds=0.17),
            "hashlib",
            "pbkdf2_hmac scrypt",
        ),
        *each(_cpu, "xml.etree.ElementTree", "iterparse"),
        *each(
            Blocking("", Kind.CPU, "a process pool, or a smaller document", holds_gil=True, weight="medium"),
            "xml.etree.ElementTree",
            "parse fromstring XML",
        ),
    ),
    external=(
        *each(_external, "urllib.request", "urlopen urlretrieve"),
        *each(_external, "urllib.request.OpenerDirector", "open"),
        *each(
            _external, ("http.client.HTTPConnection", "http.client.HTTPSConnection"), "request getresponse"
        ),
        *each(External("", is_async=False, kind="mail"), "smtplib", "SMTP SMTP_SSL LMTP"),
        *each(
            External("", is_async=False, kind="mail"), "smtplib.SMTP", "sendmail send_message login connect"
        ),
        *each(_external, "xmlrpc.client.ServerProxy", "*"),
        *each(
            External("", is_async=False, kind="ftp"),
            "ftplib.FTP",
            "retrbinary retrlines storbinary storlines",
        ),
        *each(External("", is_async=False, kind="socket"), "socket", "create_connection"),
        *each(External("", is_async=True, kind="socket"), "asyncio", "open_connection"),
    ),
    timeouts=(
        Timeout("urllib.request.urlopen", "timeout", 2),
        Timeout("smtplib.SMTP", "timeout", 3),
        Timeout("smtplib.SMTP_SSL", "timeout", 5),
        Timeout("ftplib.FTP", "timeout", 4),
        Timeout("ftplib.FTP_TLS", "timeout", 5),
        Timeout("imaplib.IMAP4", "timeout", 2),
        Timeout("imaplib.IMAP4_SSL", "timeout"),
        Timeout("poplib.POP3", "timeout", 2),
        Timeout("poplib.POP3_SSL", "timeout"),
        Timeout("socket.create_connection", "timeout", 1),
        Timeout("http.client.HTTPConnection", "timeout", 2),
        Timeout("http.client.HTTPSConnection", "timeout"),
        Timeout("telnetlib.Telnet", "timeout", 2),
        *each(
            Timeout("", "timeout", suggest="60", often_quick=True),
            "subprocess",
            "run call check_call check_output",
        ),
    ),
    offloads=(
        Offload("asyncio.to_thread", "thread", 0, "func"),
        Offload("asyncio.AbstractEventLoop.run_in_executor", "thread", 1, "func"),
        Offload("asyncio.create_task", "task", 0, "coro", awaitable=False),
        Offload("asyncio.ensure_future", "task", 0, "coro_or_future", awaitable=False),
        Offload("asyncio.AbstractEventLoop.create_task", "task", 0, "coro", awaitable=False),
        Offload("asyncio.TaskGroup.create_task", "task", 0, "coro", awaitable=False),
        Offload("asyncio.AbstractEventLoop.call_soon", "loop_callback", 0, "callback", awaitable=False),
        Offload(
            "asyncio.AbstractEventLoop.call_soon_threadsafe", "loop_callback", 0, "callback", awaitable=False
        ),
        Offload("asyncio.AbstractEventLoop.call_later", "loop_callback", 1, "callback", awaitable=False),
        Offload("asyncio.AbstractEventLoop.call_at", "loop_callback", 1, "callback", awaitable=False),
        Offload("concurrent.futures.ThreadPoolExecutor.submit", "thread", 0, "fn", awaitable=False),
        Offload("concurrent.futures.ThreadPoolExecutor.map", "thread", 0, "fn", awaitable=False),
        Offload("concurrent.futures.ProcessPoolExecutor.submit", "process", 0, "fn", awaitable=False),
        Offload("concurrent.futures.ProcessPoolExecutor.map", "process", 0, "fn", awaitable=False),
        Offload("concurrent.futures.Executor.submit", "thread", 0, "fn", awaitable=False),
        Offload("concurrent.futures.Executor.map", "thread", 0, "fn", awaitable=False),
        Offload("threading.Thread", "thread", None, "target", awaitable=False),
        Offload("threading.Timer", "thread", 1, "function", awaitable=False),
        Offload("multiprocessing.Process", "process", None, "target", awaitable=False),
        Offload("multiprocessing.pool.Pool.map", "process", 0, "func", awaitable=False),
        Offload("multiprocessing.pool.Pool.apply_async", "process", 0, "func", awaitable=False),
        Offload("multiprocessing.pool.ThreadPool.map", "thread", 0, "func", awaitable=False),
        Offload("multiprocessing.pool.ThreadPool.starmap", "thread", 0, "func", awaitable=False),
        Offload("multiprocessing.pool.ThreadPool.apply_async", "thread", 0, "func", awaitable=False),
    ),
    returns={
        "logging.getLogger": "logging.Logger",
        **alike("request.build_opener", "urllib.request.OpenerDirector", "urllib"),
        "http.client.HTTPConnection": "http.client.HTTPConnection",
        "http.client.HTTPSConnection": "http.client.HTTPSConnection",
        "socket.socket": "socket.socket",
        "socket.create_connection": "socket.socket",
        "xmlrpc.client.ServerProxy": "xmlrpc.client.ServerProxy",
        "telnetlib.Telnet": "telnetlib.Telnet",
        "nntplib.NNTP": "nntplib.NNTP",
        "nntplib.NNTP_SSL": "nntplib.NNTP",
        **{f"smtplib.{name}": f"smtplib.{name}" for name in ("SMTP", "SMTP_SSL", "LMTP")},
        **{f"imaplib.{name}": f"imaplib.{name}" for name in ("IMAP4", "IMAP4_SSL")},
        **{f"poplib.{name}": f"poplib.{name}" for name in ("POP3", "POP3_SSL")},
        **{f"ftplib.{name}": f"ftplib.{name}" for name in ("FTP", "FTP_TLS")},
        "ssl.SSLContext": "ssl.SSLContext",
        **alike("create_default_context _create_unverified_context", "ssl.SSLContext", "ssl"),
        "ssl.SSLContext.wrap_socket": "ssl.SSLSocket",
        "select.poll": "select.poll",
        "select.epoll": "select.epoll",
        "subprocess.Popen": "subprocess.Popen",
        "pathlib.Path": "pathlib.Path",
        **alike(
            "cwd home resolve absolute joinpath with_suffix with_name with_stem relative_to expanduser"
            " rename replace __truediv__ __rtruediv__",
            "pathlib.Path",
            "pathlib.Path",
        ),
        **alike("iterdir glob rglob", _PATHS, "pathlib.Path"),
        "zipfile.ZipFile": "zipfile.ZipFile",
        "tarfile.open": "tarfile.TarFile",
        "threading.Thread": "threading.Thread",
        **{
            f"threading.{name}": f"threading.{name}"
            for name in ("Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition", "Event", "Barrier")
        },
        **{
            f"queue.{name}": f"queue.{name}"
            for name in ("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue")
        },
        **{
            f"concurrent.futures.{name}": f"concurrent.futures.{name}"
            for name in ("ThreadPoolExecutor", "ProcessPoolExecutor")
        },
        "concurrent.futures.ThreadPoolExecutor.submit": "concurrent.futures.Future",
        "concurrent.futures.ProcessPoolExecutor.submit": "concurrent.futures.Future",
        "concurrent.futures.Executor.submit": "concurrent.futures.Future",
        _RESULTS: _RESULTS,
        "asyncio.run_coroutine_threadsafe": "concurrent.futures.Future",
        "multiprocessing.Process": "multiprocessing.Process",
        "multiprocessing.Pool": "multiprocessing.pool.Pool",
        "multiprocessing.pool.ThreadPool": "multiprocessing.pool.ThreadPool",
        "multiprocessing.Queue": "multiprocessing.Queue",
        "multiprocessing.get_context": "multiprocessing",
        **{
            f"multiprocessing.pool.{pool}.{name}": "multiprocessing.pool.AsyncResult"
            for pool in ("Pool", "ThreadPool")
            for name in ("apply_async", "map_async", "starmap_async")
        },
        **alike(
            "get_event_loop get_running_loop new_event_loop",
            "asyncio.AbstractEventLoop",
            "asyncio",
        ),
        "asyncio.TaskGroup": "asyncio.TaskGroup",
        "asyncio.Queue": "asyncio.Queue",
        **{f"asyncio.{name}": f"asyncio.{name}" for name in ("Lock", "Event", "Semaphore", "Condition")},
        "asyncio.create_subprocess_exec": "asyncio.subprocess.Process",
        "asyncio.create_subprocess_shell": "asyncio.subprocess.Process",
    },
    attributes={
        "pathlib.Path.parent": "pathlib.Path",
        "subprocess.Popen.stdin": "subprocess.Popen.stdin",
        **alike("stdout stderr", "subprocess.Popen.stdout", "subprocess.Popen"),
    },
    items={_PATHS: "pathlib.Path"},
    former=dict.fromkeys(("telnetlib", "nntplib"), "python==3.12"),
    aliases={
        "asyncio.events.AbstractEventLoop": "asyncio.AbstractEventLoop",
        "asyncio.BaseEventLoop": "asyncio.AbstractEventLoop",
        "asyncio.tasks.create_task": "asyncio.create_task",
        "asyncio.taskgroups.TaskGroup": "asyncio.TaskGroup",
        "asyncio.threads.to_thread": "asyncio.to_thread",
        "concurrent.futures.thread.ThreadPoolExecutor": "concurrent.futures.ThreadPoolExecutor",
        "concurrent.futures.process.ProcessPoolExecutor": "concurrent.futures.ProcessPoolExecutor",
        "multiprocessing.dummy.Pool": "multiprocessing.pool.ThreadPool",
        "open": "builtins.open",
        "sorted": "builtins.sorted",
        "input": "builtins.input",
        "_thread.allocate_lock": "threading.Lock",
        "xml.etree.cElementTree": "xml.etree.ElementTree",
        "pathlib.PosixPath": "pathlib.Path",
    },
    bases={
        "smtplib.SMTP_SSL": "smtplib.SMTP",
        "smtplib.LMTP": "smtplib.SMTP",
        "imaplib.IMAP4_SSL": "imaplib.IMAP4",
        "ssl.SSLSocket": "socket.socket",
        "poplib.POP3_SSL": "poplib.POP3",
        "ftplib.FTP_TLS": "ftplib.FTP",
        "concurrent.futures.ThreadPoolExecutor": "concurrent.futures.Executor",
        "concurrent.futures.ProcessPoolExecutor": "concurrent.futures.Executor",
    },
)
