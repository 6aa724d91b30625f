"""An envelope whose AES-GCM part opens under two keys (Dodis, Grubbs, Ristenpart, Woodage 2018: invisible salamanders).

AES-GCM binds a ciphertext to no key. Whoever holds two secrets can bend one
block until both tags agree, and then two people read two messages in one
envelope. The commitment is there against this; here is the attack that it must stop.
"""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from luwte.crypto.envelope import Header, pack
from luwte.crypto.primitives import hkdf_salted, sha256

HEADER = Header(1, 1, bytes(16), 0, bytes(8), 1, bytes(16), bytes(32), 0, bytes(32), b"\x07" * 32)
BODY = 252
BENT = 12  # the ciphertext block that gives way


def derive(secret: bytes) -> tuple[bytes, bytes]:
    start = pack(HEADER)
    both = hkdf_salted(secret, HEADER.salt, b"luwte/v1/msg\0" + sha256(start), 64)
    return both[:32], both[32:]


def stream(key: bytes, length: int) -> bytes:
    """The keystream of AES-GCM under the zero nonce: first the mask of the tag, then that of the text."""
    encryptor = Cipher(algorithms.AES256(key), modes.CTR(bytes(15) + b"\x01")).encryptor()
    return encryptor.update(bytes(length))


def find_secrets() -> tuple[bytes, bytes]:
    """Two secrets whose texts can both say that they are 252 bytes long: a birthday search over 32 bits."""
    seen: dict[bytes, bytes] = {}
    for number in range(10**7):
        secret = sha256(number.to_bytes(8, "big"))
        mask = stream(derive(secret)[0], 20)[16:]
        if mask in seen:
            return seen[mask], secret
        seen[mask] = secret
    raise AssertionError("no luck in ten million")


def forge(first: bytes, second: bytes) -> bytes:
    """One envelope, committed to *first*, with a tag that is right under *second* too."""
    (one, commitment), (two, _) = derive(first), derive(second)
    plain = pack(HEADER) + commitment
    mask = stream(one, 16 + 256)
    text = BODY.to_bytes(4, "big") + b"\x01" + b"a" * (BODY - 1)
    blocks = bytearray(xor(text, mask[16:]))
    blocks[16 * BENT : 16 * BENT + 16] = bytes(16)
    blocks[16 * BENT : 16 * BENT + 16] = _bend(one, two, plain, bytes(blocks))
    return plain + bytes(blocks) + _tag(one, plain, bytes(blocks))


def _bend(one: bytes, two: bytes, aad: bytes, blocks: bytes) -> bytes:
    # Both tags are linear in one block: tag = rest + block * H^power. Make the two equal and solve for the block.
    power = len(blocks) // 16 - BENT + 1
    difference = int.from_bytes(xor(_tag(one, aad, blocks), _tag(two, aad, blocks)), "big")
    factor = _power(_hash_key(one), power) ^ _power(_hash_key(two), power)
    return _times(difference, _power(factor, 2**128 - 2)).to_bytes(16, "big")


def _tag(key: bytes, aad: bytes, ciphertext: bytes) -> bytes:
    h, y = _hash_key(key), 0
    padded = aad + bytes(-len(aad) % 16) + ciphertext + bytes(-len(ciphertext) % 16)
    padded += (len(aad) * 8).to_bytes(8, "big") + (len(ciphertext) * 8).to_bytes(8, "big")
    for at in range(0, len(padded), 16):
        y = _times(y ^ int.from_bytes(padded[at : at + 16], "big"), h)
    return xor(y.to_bytes(16, "big"), stream(key, 16))


def _hash_key(key: bytes) -> int:
    encryptor = Cipher(algorithms.AES256(key), modes.ECB()).encryptor()
    return int.from_bytes(encryptor.update(bytes(16)), "big")


def _times(x: int, y: int) -> int:
    """Multiply in GF(2^128) as SP 800-38D orders its bits."""
    product = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            product ^= y
        y = y >> 1 ^ (0xE1 << 120 if y & 1 else 0)
    return product


def _power(x: int, exponent: int) -> int:
    result = 1 << 127
    while exponent:
        if exponent & 1:
            result = _times(result, x)
        x = _times(x, x)
        exponent >>= 1
    return result


def xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=False))


# What `find_secrets` finds, so that nobody waits for it again.
FIRST = bytes.fromhex("c4b4210f2bbdd5b30fae29d10a91a4dc8322fbb173e5356b22ccd6a7bfaf1eb5")
SECOND = bytes.fromhex("f14426e84140a465ec47c2cc95b8617e50a5dbac7d8f840d261524c23bf0d56a")
