"""Check a proof file of ``jianfu audit export``, offline: ``python verify_proof.py PROOF journal.pub``.

Needs Python 3.11, the package ``cryptography`` and the installation's public key from a source that you trust. Says 成立
and shows the facts, or 不成立 with the reason and status 1. Each entry of the log has the hash
H(hash of the entry before + position as 8 bytes + H(body)); Ed25519 signs the hash of some entries.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SM3, Hash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key


def digest(algorithm: str, data: bytes) -> bytes:
    """Hash as an entry's algorithm does."""
    if algorithm == "sha256":
        return hashlib.sha256(data).digest()
    demand(algorithm == "sm3", "未知的哈希算法")
    (state := Hash(SM3())).update(data)
    return state.finalize()


def demand(holds: object, otherwise: str) -> None:
    """Refuse the proof for a reason."""
    if not holds:
        raise ValueError(otherwise)


def raw(text: str) -> bytes:
    """Read lower-case hex."""
    demand(bytes.fromhex(text).hex() == text, "十六进制写法不规范")
    return bytes.fromhex(text)


def fact_id(source: str, name: str) -> str:
    """Name a fact by its origin."""
    return base64.b32encode(hashlib.sha256(f"{source}\0{name}".encode()).digest()[:20])[:26].decode().lower()


def follow(stretch: Any, facts: dict[int, bytes], keys: dict[str, bytes]) -> set[int]:
    """Follow the chain of one stretch to its signed checkpoint; return the positions of the facts it proves."""
    demand(set(stretch) == {"before", "steps", "checkpoint"}, "字段不符")
    head, steps, signed = raw(stretch["before"]), stretch["steps"], stretch["checkpoint"]
    proved: set[int] = set()
    demand(set(signed) == {"position", "hash", "algorithm", "count", "key_id", "signature"}, "检查点字段不符")
    demand(type(signed["position"]) is int and type(signed["count"]) is int and steps, "检查点的数不是整数")
    first, algorithm = signed["position"] - len(steps) + 1, ""
    for position, step in enumerate(steps, first):
        number, algorithm, body = step.split(" ")
        demand(number == str(position), "位置不连续")
        if position in facts:
            demand(digest(algorithm, facts[position]) == raw(body), f"位置 {position} 的正文与哈希不符")
            proved.add(position)
        head = digest(algorithm, head + position.to_bytes(8, "big") + raw(body))
    demand(head == raw(signed["hash"]) and algorithm == signed["algorithm"], "哈希链到不了检查点")
    demand(first in proved, "哈希链不从事实开始")
    text = "jianfu log checkpoint v1\n{position}\n{hash}\n{algorithm}\n{count}\n{key_id}\n".format(**signed)
    Ed25519PublicKey.from_public_bytes(keys[signed["key_id"]]).verify(raw(signed["signature"]), text.encode())
    return proved


def check(proof: bytes, trusted: set[bytes]) -> list[Any]:
    """Return the facts that a proof file proves of its act; ``trusted``: raw public keys. Anything raised: it does not."""
    data = json.loads(proof)
    demand((json.dumps(data, indent=0) + "\n").encode() == proof, "写法不规范")
    demand(data.pop("format") == "jianfu-proof-1", "不是证明文件")
    demand(set(data) == {"act_id", "facts", "stretches", "keys"}, "字段不符")
    keys = {name: raw(key) for name, key in data["keys"].items()}
    names = {base64.urlsafe_b64encode(hashlib.sha256(key).digest())[:16].decode(): key for key in trusted}
    used = {one["checkpoint"]["key_id"] for one in data["stretches"]}
    demand(used == set(keys) and all(names.get(name) == key for name, key in keys.items()), "不是所信任的公钥")
    facts: dict[int, bytes] = {}
    for one in data["facts"]:
        demand(set(one) == {"position", "body"} and type(one["position"]) is int, "事实字段不符")
        facts[one["position"]] = base64.b64decode(one["body"], validate=True)
        demand(base64.b64encode(facts[one["position"]]).decode() == one["body"], "正文写法不规范")
    proved = [position for stretch in data["stretches"] for position in follow(stretch, facts, keys)]
    demand(sorted(proved) == [one["position"] for one in data["facts"]] and proved, "有的事实没有证明")
    events = [json.loads(facts[position]) for position in sorted(facts)]
    for one in events:
        target = one["data"]["target"] if one["type"].startswith("cn.jianfu.act.") else one
        named = fact_id(target.get("source") or one["source"], target["id"])
        demand(data["act_id"] in (named, fact_id(one["source"], one["id"])), "有的事实不属于这件行为")
    return events


if __name__ == "__main__":
    try:
        key = load_pem_public_key(Path(sys.argv[2]).read_bytes())
        for event in check(Path(sys.argv[1]).read_bytes(), {key.public_bytes(Encoding.Raw, PublicFormat.Raw)}):
            print(json.dumps(event, ensure_ascii=False))
    except Exception as error:  # noqa: BLE001  whatever is wrong with it, it proves nothing
        sys.exit(f"不成立：{error!r}")
    print("成立")
