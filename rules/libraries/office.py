"""Sheets, notes and customers; payments; maps and music."""

from rules.libraries.model import TLS, Client, Library, Sdk, leaving, made, waiting

_NOTION = (
    "databases.query databases.retrieve databases.create data_sources.query pages.create pages.retrieve pages.update"
    " blocks.children.list blocks.children.append blocks.retrieve blocks.update blocks.delete users.list users.me search"
    " comments.create comments.list"
)
_HUBSPOT = " ".join(
    f"crm.{thing}.{call}"
    for thing in ("contacts", "companies", "deals", "tickets", "objects")
    for call in (
        *(
            "basic_api.create",
            "basic_api.get_by_id",
            "basic_api.get_page",
            "basic_api.update",
            "basic_api.archive",
        ),
        *("search_api.do_search", "batch_api.create", "batch_api.read", "batch_api.update", "get_all"),
    )
)
_SHEET = (
    "get_all_records get_all_values append_row append_rows update batch_update find row_values col_values update_cell"
    " get insert_row delete_rows clear"
)
_PLAID = (
    "transactions_sync transactions_get link_token_create item_public_token_exchange accounts_get accounts_balance_get"
    " auth_get identity_get item_get item_remove"
)
_SPOTIFY = (
    "search track tracks artist artists artist_albums artist_top_tracks album albums album_tracks playlist playlist_items"
    " playlist_tracks user_playlists user_playlist_create playlist_add_items playlist_replace_items me current_user user"
    " current_user_playlists current_user_saved_tracks current_user_top_tracks current_user_top_artists"
    " current_user_recently_played current_playback currently_playing recommendations audio_features audio_analysis"
    " start_playback pause_playback next_track previous_track add_to_queue devices next"
)
_MAPS = (
    "geocode reverse_geocode directions distance_matrix elevation timezone geolocate find_place places places_nearby place"
    " places_autocomplete snap_to_roads addressvalidation"
)
_SDKS = (
    Sdk(("spotipy.Spotify",), _SPOTIFY),
    Sdk(("googlemaps.Client",), _MAPS),
    Sdk(("notion_client.Client",), _NOTION, "`notion_client.AsyncClient`", ("notion_client.AsyncClient",)),
    Sdk(("hubspot.HubSpot",), _HUBSPOT),
    Sdk(("gspread.Client",), "open open_by_key open_by_url create"),
    Sdk(("gspread.Spreadsheet",), "worksheet worksheets add_worksheet get_worksheet values_batch_update"),
    Sdk(("gspread.Worksheet",), _SHEET),
    Sdk(("plaid.api.plaid_api.PlaidApi",), _PLAID),
    Sdk(
        ("razorpay.Client",),
        "order.create order.fetch payment.fetch payment.capture payment.refund subscription.create",
    ),
    Sdk(("braintree.BraintreeGateway",), "transaction.sale transaction.find customer.create customer.find"),
    Sdk(("pyairtable.Table",), "all get create update delete first batch_create batch_update"),
    Sdk(("simple_salesforce.Salesforce",), "query query_all query_more search"),
)

LIBRARY = Library(
    former={
        **{
            f"notion_client.{name}.databases.query": "notion-client==2.2.1"
            for name in ("Client", "AsyncClient")
        },
    },
    blocking=(*waiting(_SDKS),),
    clients=(
        Client("notion_client.Client", "close", "sdk", TLS, 18.0),
        Client("notion_client.AsyncClient", "aclose", "sdk", TLS, 21.0, is_async=True),
    ),
    external=tuple(leaving(_SDKS)),
    returns={
        **made(_SDKS),
        "hubspot.Client.create": "hubspot.HubSpot",
        "gspread.service_account": "gspread.Client",
        "gspread.service_account_from_dict": "gspread.Client",
        "gspread.authorize": "gspread.Client",
        **{
            f"gspread.Client.{name}": "gspread.Spreadsheet" for name in ("open", "open_by_key", "open_by_url")
        },
        "gspread.Spreadsheet.worksheet": "gspread.Worksheet",
        "gspread.Spreadsheet.get_worksheet": "gspread.Worksheet",
        "pyairtable.Api": "pyairtable.Api",
        "pyairtable.Api.table": "pyairtable.Table",
    },
    aliases={
        "spotipy.client.Spotify": "spotipy.Spotify",
        "googlemaps.client.Client": "googlemaps.Client",
    },
)
