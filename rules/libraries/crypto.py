"""Password hashing and key generation: slow on purpose."""

from rules.libraries.model import Blocking, Kind, Library, each

_THREAD = "a worker thread: the hash releases the interpreter"
_hash = Blocking("", Kind.CPU, _THREAD, seconds=0.25, weight="critical")
_short = Blocking(
    "", Kind.CPU, _THREAD, seconds=0.015, weight="medium"
)  # 29,000 rounds unless told otherwise
# `crypt` of the C library, which never releases it.
_held = Blocking(
    "",
    Kind.CPU,
    "argon2 or bcrypt, or a process pool: `crypt` holds the interpreter throughout",
    seconds=0.25,
    holds_gil=True,
    weight="critical",
)

LIBRARY = Library(
    blocking=(
        *each(_hash, "bcrypt", "hashpw checkpw kdf"),
        *each(_hash, "passlib.context.CryptContext", "hash verify verify_and_update encrypt"),
        *each(
            _hash,
            (
                "passlib.hash.bcrypt",
                "passlib.hash.argon2",
                "passlib.hash.scrypt",
            ),
            "hash verify",
        ),
        *each(_short, "passlib.hash.pbkdf2_sha256", "hash verify"),
        *each(_held, "passlib.hash.sha512_crypt", "hash verify"),
        *each(_hash, "argon2.PasswordHasher", "hash verify"),
        *each(_hash, "pwdlib.PasswordHash", "hash verify verify_and_update"),
        *each(_hash, "werkzeug.security", "generate_password_hash check_password_hash"),
        *each(_hash, "nacl.pwhash.argon2id", "str verify kdf"),
        *each(
            Blocking("", Kind.CPU, _THREAD, seconds=0.2),
            "cryptography.hazmat.primitives.asymmetric.rsa",
            "generate_private_key",
        ),
        *each(Blocking("", Kind.CPU, _THREAD, seconds=0.2), "Crypto.PublicKey.RSA", "generate"),
        Blocking("rsa.newkeys", Kind.CPU, _THREAD, seconds=0.2),
        *each(
            Blocking("", Kind.CPU, _THREAD, seconds=0.17),
            "cryptography.hazmat.primitives.kdf.pbkdf2.PBKDF2HMAC",
            "derive verify",
        ),
        *each(
            Blocking("", Kind.CPU, _THREAD, seconds=0.1),
            "cryptography.hazmat.primitives.kdf.scrypt.Scrypt",
            "derive verify",
        ),
    ),
    returns={
        **{
            name: name
            for name in (
                "passlib.context.CryptContext",
                "argon2.PasswordHasher",
                "pwdlib.PasswordHash",
                "cryptography.hazmat.primitives.kdf.pbkdf2.PBKDF2HMAC",
                "cryptography.hazmat.primitives.kdf.scrypt.Scrypt",
            )
        },
        "pwdlib.PasswordHash.recommended": "pwdlib.PasswordHash",
    },
    aliases={"passlib.apps.custom_app_context": "passlib.hash.sha512_crypt"},
)
