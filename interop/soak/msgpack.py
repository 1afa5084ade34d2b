"""As much of MessagePack as the forward protocol needs: lists, objects, texts and whole numbers."""


def pack(value):
    if isinstance(value, int):
        return b"\xce" + value.to_bytes(4, "big")
    if isinstance(value, str):
        text = value.encode()
        return b"\xdb" + len(text).to_bytes(4, "big") + text
    if isinstance(value, list):
        return b"\xdd" + len(value).to_bytes(4, "big") + b"".join(map(pack, value))
    pairs = b"".join(pack(name) + pack(of) for name, of in value.items())
    return b"\xdf" + len(value).to_bytes(4, "big") + pairs


def unpack(data):
    """An object of texts, as an acknowledgement is; None as long as it is not whole."""
    try:
        if data[0] & 0xF0 != 0x80:
            raise ValueError(f"no small object: {data[:16]!r}")
        at, found = 1, {}
        for _ in range(data[0] & 0x0F):
            name, at = _text(data, at)
            found[name], at = _text(data, at)
        return found
    except IndexError:
        return None


def _text(data, at):
    head = data[at]
    if head & 0xE0 == 0xA0:
        length, at = head & 0x1F, at + 1
    elif head in (0xD9, 0xDA, 0xDB):
        width = 1 << (head - 0xD9)
        length, at = int.from_bytes(data[at + 1 : at + 1 + width], "big"), at + 1 + width
    else:
        raise ValueError(f"no text: {data[at:at + 16]!r}")
    if at + length > len(data):
        raise IndexError
    return data[at : at + length].decode(), at + length
