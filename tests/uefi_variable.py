# SPDX-License-Identifier: GPL-2.0-or-later
"""UEFI's authenticated variables as root in a guest writes them: EFI_VARIABLE_AUTHENTICATION_2 (UEFI 2.10, 8.2.2), by efivarfs."""
import datetime
import glob
import lzma
import os
import struct
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

PKCS7 = uuid.UUID("4aafd29d-68df-49ee-8aa9-347d375665a7")   # EFI_CERT_TYPE_PKCS7_GUID
MOUNT = "/sys/firmware/efi/efivars"
PLAIN, SIGNED = 0x07, 0x27   # non-volatile, boot services, runtime; and by signature


class Signer:
    """A key with its own certificate."""

    def __init__(self, name):
        self.key = rsa.generate_private_key(65537, 2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        day = datetime.datetime(2024, 1, 1)
        self.certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(self.key.public_key())
                            .serial_number(x509.random_serial_number()).not_valid_before(day)
                            .not_valid_after(day + datetime.timedelta(20000)).sign(self.key, hashes.SHA256()))

    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def sign(self, name, vendor, data, year=2030, attributes=SIGNED):
        """What is written to change the variable: when, the signature, the data."""
        time = struct.pack("<HBBBBBBIhBB", year, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0)
        signed = name.encode("utf-16-le") + vendor.bytes_le + struct.pack("<I", attributes) + time + data
        options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoAttributes]
        whole = pkcs7.PKCS7SignatureBuilder().set_data(signed).add_signer(self.certificate, self.key, hashes.SHA256()).sign(
            serialization.Encoding.DER, options)
        certificate = signed_data(whole)
        return time + struct.pack("<IHH", 24 + len(certificate), 0x200, 0xEF1) + PKCS7.bytes_le + certificate + data


def signed_data(whole):
    """PKCS#7's SignedData without the ContentInfo around it, as UEFI has it."""
    assert whole[:2] == b"\x30\x82" and whole[4] == 0x06
    at = 4 + 2 + whole[5]
    assert whole[at:at + 2] == b"\xa0\x82"
    return whole[at + 4:]


class Variables:
    """Those of a guest that was started by UEFI. `writer`: tests/inside/write-variable.c."""

    def __init__(self, machine, kernel, writer):
        self.machine = machine
        cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "bartizan/kernels")
        module, = glob.glob(os.path.join(cache, kernel, "modules/kernel/fs/efivarfs/efivarfs.ko*"))
        with lzma.open(module) if module.endswith(".xz") else open(module, "rb") as file:
            machine.exec(["sh", "-c", "cat >/tmp/efivarfs.ko && insmod /tmp/efivarfs.ko"], input=file.read())
        machine.exec(["mount", "-t", "efivarfs", "efivarfs", MOUNT])
        with open(writer, "rb") as file:
            machine.exec(["sh", "-c", "cat >/tmp/write-variable && chmod +x /tmp/write-variable"], input=file.read())

    def path(self, name, vendor):
        return f"{MOUNT}/{name}-{vendor}"

    def read(self, name, vendor):
        """Its attributes and what is in it; None: there is none."""
        done = self.machine.exec(["cat", self.path(name, vendor)], check=False)
        return (struct.unpack_from("<I", done.stdout)[0], done.stdout[4:]) if done.returncode == 0 and len(done.stdout) >= 4 else None

    def write(self, name, vendor, attributes, data):
        """0, or what errno says of why firmware didn't take it."""
        return self.machine.exec(["/tmp/write-variable", self.path(name, vendor)], input=struct.pack("<I", attributes) + data,
                                 check=False).returncode

    def remove(self, name, vendor):
        return self.machine.exec(["/tmp/write-variable", "-r", self.path(name, vendor)], check=False).returncode
