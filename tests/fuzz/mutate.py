"""Damages trees, texts and protobuf messages so that they stay close to what a server expects.

It draws from a random source that it is given and knows nothing of requests.
"""
import json, re

import protobuf

# Written as they stand where JSON has no way to say them in Python.
RAW = re.compile(r'"@raw:([^"@]*)@"')
WORDS = [
    "", " ", "a", "A" * 64, "x" * 254, "y" * 70_000, "-", "..", "../../etc", "a/b/c", "/", "\u0000", "\ud7ff", "\U0001f600", "%s%n", "ä" * 130,
    "1", "-1", "0x10", "1e9", "1e1000000", "1E+9999999999", "0.0000000001", "9223372036854775808", "1Ei", "99999999999999999999Ei", "1m", "-5Mi", ".5.",
    "2020-01-01T00:00:00Z", "0000-00-00T00:00:00Z", "9999-12-31T23:59:60Z", "2020-01-01T00:00:00.123456789+99:99", "1h", "1000000h", "-1ns", "@every 0s",
    "*/0 * * * *", "* * 31 2 *", "0 0 1 1 0/0", "TZ=Nowhere * * * * *", "100%", "10000000000000000000%", "-1%", "%", "10.96.0.1", "256.1.1.1", "::", "::ffff:1.2.3.4",
    "10.0.0.0/33", "fe80::%eth0/64", "0.0.0.0/0", "http", "65536", "a.b.c", "*.example.com", "kubernetes.io/x", "example.com/" + "z" * 64, "v1", "apps/v1", "/v1",
    "metadata.labels['", "spec.containers{a}", "{.spec..}", "object.spec.x > 1", "a ? b : ", "(" * 400, "[[", "{{", "\\", "(?P<", "a{1,100000}", "-----BEGIN CERTIFICATE-----",
    "bm90IGJhc2U2NA", "====", "Always", "always", "TCP", "None", "null", "true", "ClusterIP", "ExternalName", "Recreate", "system:masters", "$patch", "replace",
]
LITERALS = [
    None, True, False, 0, 1, -1, 65_536, 2**31, 2**63 - 1, 2**63, -(2**63), 2**64, 10**40, 0.5, -0.0, 1e300, "@raw:1e400@", "@raw:-@", "@raw:01@", "@raw:NaN@",
    "@raw:\\ud800@", "@raw:@", [], {}, [[]], [None], {"": None}, [{}], {"a": {"a": {"a": {}}}}, ["a", "a"], [1, "a", None],
]
KEYS = ["", "metadata", "spec", "status", "kind", "apiVersion", "name", "namespace", "labels", "annotations", "finalizers", "ownerReferences", "managedFields",
        "deletionTimestamp", "generateName", "uid", "resourceVersion", "$patch", "$retainKeys", "$setElementOrder/containers", "$deleteFromPrimitiveList/finalizers", "\u0000", "k" * 400]
DEPTHS = [30, 200, 9_000]


def tree(random, value, times=None):
    """A copy with a few places changed."""
    value = json.loads(json.dumps(value))
    for _ in range(times or random.choice([1, 1, 1, 2, 3, 8])):
        value = once(random, value)
    return value


def once(random, value):
    """Changes one place, which is looked for from the top."""
    if isinstance(value, dict) and value and random.random() < 0.8:
        key = random.choice(list(value))
        if random.random() < 0.75:
            return {**value, key: once(random, value[key])}
        return changed_map(random, value, key)
    if isinstance(value, list) and value and random.random() < 0.8:
        at = random.randrange(len(value))
        if random.random() < 0.7:
            return [*value[:at], once(random, value[at]), *value[at + 1:]]
        return changed_list(random, value, at)
    return leaf(random, value)


def changed_map(random, value, key):
    rest = {name: each for name, each in value.items() if name != key}
    return random.choice([
        lambda: rest,
        lambda: {**rest, random.choice(KEYS): value[key]},
        lambda: {**value, random.choice(KEYS): leaf(random, value[key])},
        lambda: {**rest, key: value},
        lambda: {**value, **{f"{key}{at}": value[key] for at in range(random.choice([1, 30, 600]))}},
    ])()


def changed_list(random, value, at):
    return random.choice([
        lambda: value[:at] + value[at + 1:],
        lambda: value + [value[at]],
        lambda: value * random.choice([2, 40]),
        lambda: value[::-1],
        lambda: [*value, leaf(random, value[at])],
        lambda: [value],
    ])()


def leaf(random, value):
    if random.random() < 0.02:
        return deep(random)
    if isinstance(value, str) and value and random.random() < 0.4:
        return text(random, value)
    return random.choice(WORDS) if random.random() < 0.5 else random.choice(LITERALS)


def deep(random):
    """Maps or lists in each other, written as text since writers of trees have no room for them."""
    depth = random.choice(DEPTHS)
    opened, closed = random.choice([("[", "]"), ("{\\a\\:", "}")])
    return f"@raw:{opened * depth}1{closed * depth}@"


def text(random, value):
    """A text with characters changed, removed or doubled."""
    for _ in range(random.choice([1, 1, 2, 5])):
        at = random.randrange(len(value) + 1)
        value = random.choice([
            lambda: value[:at],
            lambda: value[:at] + value[at + 1:],
            lambda: value[:at] + random.choice("{}[]\",:\\0n\u00ff\n\t /.-%=!()&*|>#'") + value[at:],
            lambda: value[:at] + random.choice(WORDS) + value[at:],
            lambda: value[:at] + value,
        ])()
    return value


def data(random, value):
    """Bytes with some changed, removed or doubled."""
    value = bytearray(value)
    for _ in range(random.choice([1, 1, 2, 4, 16])):
        at = random.randrange(len(value) + 1)
        action = random.randrange(5)
        if action == 0 and at < len(value):
            value[at] = random.randrange(256)
        elif action == 1:
            del value[at:at + random.choice([1, 2, 9])]
        elif action == 2:
            value[at:at] = bytes([random.choice(b"{}[]\",:\\0n\xff\x00\x80\n -&*")])
        elif action == 3:
            value[at:at] = value[max(0, at - 20):at]
        elif random.random() < 0.3:
            del value[at:]
    return bytes(value)


def written(random, value):
    """JSON of a tree, with what only texts can say: bare literals, and keys that are there twice."""
    out = RAW.sub(lambda found: found.group(1).replace("\\\\a\\\\", '"a"'), json.dumps(value))
    if random.random() < 0.1 and "{" in out:
        at = random.choice([found.end() for found in re.finditer(r"\{", out)])
        out = out[:at] + f'"{random.choice(KEYS[1:16])}":{random.choice(["null", "{}", "[]", "1"])},' + out[at:]
    return out.encode("utf-8", "surrogatepass")


def message(random, value, depth=0):
    """A protobuf message with one field changed, at any depth."""
    try:
        parts = list(protobuf.fields(value))
    except (ValueError, IndexError):
        return data(random, value)
    if not parts:
        return random.choice([b"", b"\x0a", b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x0b\x0c"])
    at = random.randrange(len(parts))
    number, wire, inner = parts[at]
    if wire == 2 and inner and depth < 12 and random.random() < 0.75:
        parts[at] = (number, wire, message(random, inner, depth + 1))
        return protobuf.write_fields(parts)
    action = random.randrange(7)
    if action == 0:
        del parts[at]
    elif action == 1:
        parts.insert(at, parts[at])
    elif action == 2:
        parts[at] = (random.choice([0, 1, 15, 99, 2**29 - 1]), wire, inner)
    elif action == 3:
        parts[at] = (number, 0, random.choice([0, 1, 2**31, 2**32, 2**63, 2**64 - 1]))
    elif action == 4:
        parts[at] = (number, 2, random.choice([b"", b"\xff\xfe", b"\x00" * 9, b"\x0a\x7f", "ü".encode(), nested(random)]))
    elif action == 5:
        parts[at] = (number, random.choice([1, 5]), b"\x00" * random.choice([4, 8]))
    else:
        random.shuffle(parts)
    out = protobuf.write_fields(parts)
    return out if random.random() < 0.8 else out[:random.randrange(len(out) + 1)]


def nested(random):
    """A message in a message in a message."""
    out = b""
    for _ in range(random.choice(DEPTHS[:2]) * 3):
        out = protobuf.write_fields([(1, 2, out)])
    return out
