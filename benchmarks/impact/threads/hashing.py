"""Password hashes and keys."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.impact.threads.gaps import Call

PASSWORD = "correct horse"


def bcrypt() -> Mapping[str, Call]:
    import bcrypt

    raw, hashed = PASSWORD.encode(), bcrypt.hashpw(b"other", bcrypt.gensalt(10))
    salt = bcrypt.gensalt(10)
    return {
        "bcrypt.hashpw": lambda: bcrypt.hashpw(raw, salt),
        "bcrypt.checkpw": lambda: bcrypt.checkpw(raw, hashed),
        "bcrypt.kdf": lambda: bcrypt.kdf(raw, b"salt", 32, 60),
    }


def passlib() -> Mapping[str, Call]:
    import bcrypt
    from passlib import hash as hashes
    from passlib.context import CryptContext

    # What passlib tries bcrypt with at first is longer than bcrypt takes since its release 5.
    hashpw = bcrypt.hashpw
    bcrypt.hashpw = lambda password, salt: hashpw(password[:72], salt)
    bcrypt.__about__ = types.SimpleNamespace(__version__=bcrypt.__version__)
    context = CryptContext(["bcrypt"], bcrypt__rounds=10)
    hashed = context.hash(PASSWORD)
    calls: dict[str, Call] = {
        "passlib.context.CryptContext.hash": lambda: context.hash(PASSWORD),
        "passlib.context.CryptContext.verify": lambda: context.verify("other", hashed),
        "passlib.context.CryptContext.verify_and_update": lambda: context.verify_and_update("other", hashed),
        "passlib.context.CryptContext.encrypt": lambda: context.encrypt(PASSWORD),
    }
    for name, settings in (
        ("argon2", {"rounds": 2, "memory_cost": 65_536}),
        ("pbkdf2_sha256", {"rounds": 200_000}),
        ("sha512_crypt", {"rounds": 100_000}),
        ("scrypt", {"rounds": 15}),
        ("bcrypt", {"rounds": 10}),
    ):
        calls |= _passlib(name, getattr(hashes, name), settings)
    return calls


def _passlib(name: str, scheme: Any, settings: Mapping[str, int]) -> Mapping[str, Call]:
    def make() -> Any:  # passlib has no types
        return scheme.using(**settings)

    kept: list[str] = []

    def hashed() -> str:
        return str(make().hash(PASSWORD))

    def verified() -> object:
        if not kept:
            kept.append(hashed())
        return make().verify("other", kept[0])

    return {f"passlib.hash.{name}.hash": hashed, f"passlib.hash.{name}.verify": verified}


def argon2() -> Mapping[str, Call]:
    from argon2 import PasswordHasher
    from argon2.exceptions import VerifyMismatchError

    hasher = PasswordHasher()
    hashed = hasher.hash(PASSWORD)

    def verified() -> None:
        try:
            hasher.verify(hashed, "other")
        except VerifyMismatchError:
            return

    return {
        "argon2.PasswordHasher.hash": lambda: hasher.hash(PASSWORD),
        "argon2.PasswordHasher.verify": verified,
    }


def pwdlib() -> Mapping[str, Call]:
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    hasher = PasswordHash((Argon2Hasher(),))
    hashed = hasher.hash(PASSWORD)
    return {
        "pwdlib.PasswordHash.hash": lambda: hasher.hash(PASSWORD),
        "pwdlib.PasswordHash.verify": lambda: hasher.verify("other", hashed),
        "pwdlib.PasswordHash.verify_and_update": lambda: hasher.verify_and_update("other", hashed),
    }


def werkzeug() -> Mapping[str, Call]:
    from werkzeug.security import check_password_hash, generate_password_hash

    hashed = generate_password_hash(PASSWORD)
    return {
        "werkzeug.security.generate_password_hash": lambda: generate_password_hash(PASSWORD),
        "werkzeug.security.check_password_hash": lambda: check_password_hash(hashed, "other"),
    }


def nacl() -> Mapping[str, Call]:
    from nacl.exceptions import InvalidkeyError
    from nacl.pwhash import argon2id

    raw, salt = PASSWORD.encode(), b"s" * 16
    operations, memory = argon2id.OPSLIMIT_INTERACTIVE, argon2id.MEMLIMIT_INTERACTIVE
    hashed = argon2id.str(raw)

    def verified() -> None:
        try:
            argon2id.verify(hashed, b"other")
        except InvalidkeyError:
            return

    return {
        "nacl.pwhash.argon2id.str": lambda: argon2id.str(raw),
        "nacl.pwhash.argon2id.verify": verified,
        "nacl.pwhash.argon2id.kdf": lambda: argon2id.kdf(32, raw, salt, operations, memory),
    }


def cryptography() -> Mapping[str, Call]:
    from cryptography.exceptions import InvalidKey
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    raw, place = PASSWORD.encode(), "cryptography.hazmat.primitives"

    def slow() -> PBKDF2HMAC:
        return PBKDF2HMAC(hashes.SHA256(), 32, b"salt" * 4, 300_000)

    def large() -> Scrypt:
        return Scrypt(salt=b"salt" * 4, length=32, n=2**15, r=8, p=1)

    def fails(make: Callable[[], Any]) -> Call:
        def verified() -> None:
            try:
                make().verify(raw, b"x" * 32)
            except InvalidKey:
                return

        return verified

    return {
        f"{place}.kdf.pbkdf2.PBKDF2HMAC.derive": lambda: slow().derive(raw),
        f"{place}.kdf.pbkdf2.PBKDF2HMAC.verify": fails(slow),
        f"{place}.kdf.scrypt.Scrypt.derive": lambda: large().derive(raw),
        f"{place}.kdf.scrypt.Scrypt.verify": fails(large),
        f"{place}.asymmetric.rsa.generate_private_key": lambda: rsa.generate_private_key(65537, 3072),
    }


def pycryptodome() -> Mapping[str, Call]:
    from Crypto.PublicKey import RSA

    return {"Crypto.PublicKey.RSA.generate": lambda: RSA.generate(1024)}


def rsa() -> Mapping[str, Call]:
    import rsa

    return {"rsa.newkeys": lambda: rsa.newkeys(768)}


GROUPS = (bcrypt, passlib, argon2, pwdlib, werkzeug, nacl, cryptography, pycryptodome, rsa)
