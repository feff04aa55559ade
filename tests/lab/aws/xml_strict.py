# Reading XML from a stranger: bytes to a tree, with everything refused that could make two readers see two documents.
# Used for the SAML response and for an identity provider's metadata.
#
# SPDX-License-Identifier: Apache-2.0
"""The OASIS schemas are those that Debian's python3-pysaml2 ships; nothing is fetched."""

import os
import re
import threading
from datetime import datetime, timezone
from importlib.util import find_spec

from lxml import etree

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
NS = {"saml": SAML, "samlp": SAMLP, "md": MD, "ds": DS}

SCHEMAS = os.path.join(os.path.dirname(find_spec("saml2").origin), "data", "schemas")


def parse(data):
    """
    The root element of a document, or ValueError.

    saml-core-2.0 section 1.1 and the SAML security considerations leave no use for a DTD, and an entity bomb
    needs one: it is refused before any XML parser sees it, which also needs the text to be UTF-8, so that no
    other encoding hides it. Comments and processing instructions are refused because canonicalisation drops
    comments: `admin<!---->.example` is signed as one text and read by a careless reader as another.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    if text.startswith("\ufeff"):
        raise ValueError("starts with a byte order mark")
    declared = re.match(r"<\?xml[^>]*\sencoding=[\"']([^\"']*)", text)
    if declared and declared.group(1).upper() != "UTF-8":
        raise ValueError("declares an encoding other than UTF-8")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("has a DTD")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"not well-formed XML: {error}") from None
    # xpath from the document node also sees what stands before and after the root element.
    if root.xpath("/comment() | /processing-instruction() | //comment() | //processing-instruction()"):
        raise ValueError("has a comment or a processing instruction")
    return root


class _LocalSchemas(etree.Resolver):
    """The schemas import each other by http:// address; the files lie in one folder."""

    def resolve(self, url, public_id, context):
        name = "xml.xsd" if url.endswith("/xml.xsd") else os.path.basename(url)
        path = os.path.join(SCHEMAS, name)
        return self.resolve_filename(path, context) if os.path.exists(path) else self.resolve_empty(context)


_lock = threading.Lock()
_loaded = {}


def check_schema(root, name):
    """ValueError unless the tree is valid by saml-schema-NAME-2.0.xsd: which elements, how many, in which order."""
    with _lock:
        if name not in _loaded:
            parser = etree.XMLParser(no_network=True, load_dtd=False)
            parser.resolvers.add(_LocalSchemas())
            path = os.path.join(SCHEMAS, f"saml-schema-{name}-2.0.xsd")
            _loaded[name] = etree.XMLSchema(etree.parse(path, parser))
        schema = _loaded[name]
        if not schema.validate(root):
            raise ValueError(f"not valid by the {name} schema: {schema.error_log[0].message}")


def text_of(element):
    """The text of an element that has nothing but text; ValueError when it has more."""
    if len(element):
        raise ValueError(f"{etree.QName(element).localname} has child elements")
    return element.text or ""


def instant(text):
    """A SAML instant as Unix seconds. saml-core-2.0 section 1.3.3: xs:dateTime, in UTC, so with a Z."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", text or "", re.ASCII):
        raise ValueError(f"not a UTC instant: {text!r}")
    whole, _, fraction = text[:-1].partition(".")
    moment = datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return moment.timestamp() + (float(f"0.{fraction}") if fraction else 0.0)
