"""Ledgers: Ethereum and Solana."""

from rules.libraries.model import TLS, Client, Library, Sdk, leaving, made, waiting

_ETH = (
    "eth.get_balance eth.get_block eth.get_transaction eth.get_transaction_receipt eth.get_transaction_count eth.call"
    " eth.send_raw_transaction eth.send_transaction eth.wait_for_transaction_receipt eth.estimate_gas eth.get_logs"
)
_SOLANA = (
    "get_balance get_account_info send_transaction get_latest_blockhash confirm_transaction get_transaction"
)
_SDKS = (
    Sdk(("web3.Web3",), _ETH, "`web3.AsyncWeb3`", ("web3.AsyncWeb3",)),
    Sdk(
        ("solana.rpc.api.Client",),
        _SOLANA,
        "`solana.rpc.async_api.AsyncClient`",
        ("solana.rpc.async_api.AsyncClient",),
    ),
)

LIBRARY = Library(
    former={
        "solana.rpc.api": "solana==0.36.12",
    },
    blocking=(*waiting(_SDKS),),
    clients=(Client("solana.rpc.async_api.AsyncClient", "close", "sdk", TLS, 20.0, is_async=True),),
    external=tuple(leaving(_SDKS)),
    returns={
        **made(_SDKS),
    },
)
