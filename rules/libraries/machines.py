"""Machines and what runs on them: containers, sandboxes, clusters, shells, devices; how services find and call each other."""

from rules.libraries.model import (
    ANEW,
    PLAIN,
    Blocking,
    Client,
    Kind,
    Library,
    Sdk,
    alike,
    each,
    leaving,
    made,
    waiting,
)

_DAPR = (
    "invoke_method invoke_binding publish_event get_state get_bulk_state query_state save_state save_bulk_state delete_state"
    " execute_state_transaction get_secret get_bulk_secret get_configuration try_lock unlock"
)
_WORKFLOWS = (
    "schedule_new_workflow get_workflow_state wait_for_workflow_start wait_for_workflow_completion raise_workflow_event"
    " terminate_workflow pause_workflow resume_workflow purge_workflow"
)
_SANDBOX = "commands.run files.write files.read files.list kill run_code"
_CONTAINER = "start stop restart remove logs exec_run wait kill reload stats put_archive get_archive commit pause unpause top diff"
_RUNNING = "aiodocker.containers.DockerContainer"
_STARTS = "create get list start stop delete"
_INSIDE = (
    "process.exec process.code_run process.create_session process.execute_session_command fs.upload_file fs.download_file"
    " fs.list_files fs.create_folder fs.delete_file git.clone git.status get_preview_link start stop delete"
)
_SDKS = (
    Sdk(("daytona.Daytona",), _STARTS, "`daytona.AsyncDaytona`", ("daytona.AsyncDaytona",)),
    Sdk(("daytona.Sandbox",), _INSIDE, "`daytona.AsyncDaytona`", ("daytona.AsyncSandbox",)),
    Sdk(
        ("serial.Serial",),
        "read read_until readline readlines",
        "`serial_asyncio.open_serial_connection`",
    ),
    Sdk(
        ("zeroconf.Zeroconf",),
        "register_service unregister_service update_service get_service_info",
        "`zeroconf.asyncio.AsyncZeroconf`",
        ("zeroconf.asyncio.AsyncZeroconf",),
        "async_register_service async_unregister_service async_update_service async_get_service_info",
    ),
    Sdk(
        ("argo_workflows.api.workflow_service_api.WorkflowServiceApi",),
        "create_workflow get_workflow list_workflows delete_workflow terminate_workflow retry_workflow resume_workflow"
        " submit_workflow stop_workflow",
        PLAIN,
    ),
    Sdk(("ansible_runner",), "run run_command", "a queue worker", waits=Kind.PROC),
    Sdk(("pexpect",), "run", "`asyncio.create_subprocess_exec`", waits=Kind.PROC),
    Sdk(("pexpect.spawn",), "expect expect_exact wait read", "`expect(…, async_=True)`", waits=Kind.PROC),
    Sdk(("kubernetes.watch.Watch",), "stream", "`kubernetes_asyncio.watch`"),
    Sdk(
        (),
        "",
        awaited=(_RUNNING,),
        awaited_calls="show stop start restart kill wait delete rename log stats commit put_archive get_archive",
    ),
    Sdk(
        (),
        "",
        awaited=("aiodocker.Docker",),
        awaited_calls="containers.list containers.create containers.create_or_replace containers.run containers.get"
        " images.list images.inspect images.pull images.push images.build images.delete networks.list networks.create"
        " networks.get volumes.list volumes.create volumes.get system.info version",
    ),
    Sdk((), "", awaited=("asyncssh",), awaited_calls="connect"),
    Sdk(
        (),
        "",
        awaited=("asyncssh.SSHClientConnection",),
        awaited_calls="run create_process start_sftp_client",
    ),
    Sdk(
        (),
        "",
        awaited=("asyncssh.SFTPClient",),
        awaited_calls="get put listdir stat remove mkdir exists glob",
    ),
    Sdk(("e2b.Sandbox",), _SANDBOX, "`AsyncSandbox`", ("e2b.AsyncSandbox",)),
    Sdk(("docker.models.containers.Container",), _CONTAINER, "`aiodocker`"),
    Sdk(
        ("docker.DockerClient",),
        "ping info version df login networks.create networks.list networks.get networks.prune volumes.create"
        " volumes.list volumes.get volumes.prune",
        "`aiodocker`",
    ),
    Sdk(("docker.models.networks.Network",), "connect disconnect remove reload", "`aiodocker`"),
    Sdk(("docker.models.volumes.Volume", "docker.models.images.Image"), "remove reload", "`aiodocker`"),
    Sdk(
        ("docker.APIClient",),
        "containers images pull build create_container start stop logs inspect_container exec_create exec_start",
        "`aiodocker`",
    ),
    Sdk(
        ("dapr.clients.DaprClient",),
        _DAPR,
        "`dapr.aio.clients.DaprClient`",
        ("dapr.aio.clients.DaprClient",),
        kind="queue",
    ),
    Sdk(
        ("dapr.ext.workflow.DaprWorkflowClient",),
        _WORKFLOWS,
        "`dapr.ext.workflow.aio.DaprWorkflowClient`",
        ("dapr.ext.workflow.aio.DaprWorkflowClient",),
    ),
    Sdk(("consul.Consul",), "kv.get kv.put agent.service.register agent.services health.service"),
)

LIBRARY = Library(
    blocking=(
        *waiting(_SDKS),
        *each(Blocking("", Kind.NET, "`AsyncSandbox`"), "e2b.Sandbox", "create connect"),
    ),
    clients=(
        Client("aiodocker.Docker", "close", "sdk", "its session and connections anew", is_async=True),
        Client("daytona.AsyncDaytona", "close", "sdk", ANEW, is_async=True),
    ),
    external=tuple(leaving(_SDKS)),
    returns={
        **made(_SDKS),
        "daytona.Daytona.create": "daytona.Sandbox",
        "daytona.Daytona.get": "daytona.Sandbox",
        "daytona.AsyncDaytona.create": "daytona.AsyncSandbox",
        "daytona.AsyncDaytona.get": "daytona.AsyncSandbox",
        **{
            f"aiodocker.Docker.containers.{name}": _RUNNING
            for name in ("get", "create", "create_or_replace", "run", "container")
        },
        "aiodocker.Docker.containers.list": "aiodocker.containers.DockerContainers",
        "asyncssh.connect": "asyncssh.SSHClientConnection",
        "asyncssh.SSHClientConnection.start_sftp_client": "asyncssh.SFTPClient",
        "e2b.Sandbox.create": "e2b.Sandbox",
        "e2b.AsyncSandbox.create": "e2b.AsyncSandbox",
        **{
            f"docker.DockerClient.containers.{name}": "docker.models.containers.Container"
            for name in ("get", "create", "run")
        },
        **alike("get create", "docker.models.networks.Network", "docker.DockerClient.networks"),
        **alike("get create", "docker.models.volumes.Volume", "docker.DockerClient.volumes"),
        **alike("get pull", "docker.models.images.Image", "docker.DockerClient.images"),
        "docker.DockerClient.containers.list": "docker.models.containers.ContainerCollection",
    },
    items={
        "aiodocker.containers.DockerContainers": _RUNNING,
        "docker.models.containers.ContainerCollection": "docker.models.containers.Container",
    },
    aliases={
        "aiodocker.docker.Docker": "aiodocker.Docker",
        "aiodocker.docker.DockerContainer": _RUNNING,
        "dapr.aio.clients.grpc.client.DaprGrpcClientAsync": "dapr.aio.clients.DaprClient",
        "dapr.clients.grpc.client.DaprGrpcClient": "dapr.clients.DaprClient",
        "dapr.ext.workflow.dapr_workflow_client.DaprWorkflowClient": "dapr.ext.workflow.DaprWorkflowClient",
        "e2b_code_interpreter.Sandbox": "e2b.Sandbox",
        "e2b_code_interpreter.AsyncSandbox": "e2b.AsyncSandbox",
    },
)
