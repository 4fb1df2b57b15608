"""The second language of the papers: their texts in Indonesian, and the same in English.

A paper is made in Indonesian. For an English one, every text that is an entry here is replaced; what people wrote
(names, remarks) stays as it is. Braces are places for values.
"""

from typing import Any, Literal

Language = Literal["id", "en"]

ENGLISH = {
    # Titles
    "Formulir Serah Terima Barang": "Hand-over Form",
    "Formulir Serah Terima Pengembalian Barang": "Return Form",
    "Catatan Server Keluar": "Exit Record of a Server",
    "Surat Permohonan Penitipan Server": "Request to Deposit a Server",
    # Corrections
    "Koreksi": "Corrections",
    "Semula": "Before",
    "Menjadi": "Now",
    "Alasan": "Reason",
    "Tanggal diterima": "Day of receipt",
    "Tanggal serah terima": "Day of the hand-over",
    "Tanggal ditempatkan": "Day of placing",
    "Catatan": "Remarks",
    "Surat": "Letter",
    "palsu": "forged",
    "Tempat": "Place",
    "dinyatakan {day} (peristiwa {number})": "stated on {day} (event {number})",
    "dipindahkan {day} (peristiwa {number})": "moved on {day} (event {number})",
    "Formulir ini menggantikan formulir nomor {number} tanggal {day}, yang keliru: {why}": "This form replaces form "
    "{number} of {day}, which was wrong: {why}",
    "dikoreksi {day} (peristiwa {number})": "corrected on {day} (event {number})",
    "berubah sejak {since}, dicatat {day} (peristiwa {number})": "changed since {since}, recorded on {day} (event "
    "{number})",
    "{deposit}: {what} {how}: semula {before}, menjadi {after}. Alasan: {reason}": "{deposit}: {what} {how}: was "
    "{before}, is {after}. Reason: {reason}",
    # The page
    "Keaslian dan tanda tangan dokumen ini dapat diperiksa di kantor penerbitnya.": "Whether this document is genuine "
    "and signed can be checked at the office that issued it.",
    "revisi": "revision",
    "Periksa": "Check",
    "Halaman {page} dari {pages}": "Page {page} of {pages}",
    "Kode QR": "QR code",
    "Nomor": "Number",
    "Lambang": "Emblem",
    "Sifat": "Nature",
    "Biasa": "Ordinary",
    "Lampiran": "Enclosures",
    "di tempat": "at their office",
    "Tembusan": "Copies to",
    "Pangkat": "Rank",
    "Hal": "Subject",
    "Kepada Yth.": "To",
    "Salinan untuk disunting.": "Copy, to be edited.",
    "salinan": "copy",
    "a.n. {head}": "for {head}",
    "{head} (sebagai laporan)": "{head} (for information)",
    "Dengan hormat,": "Dear Sir or Madam,",
    "Menindaklanjuti surat Saudara nomor {number} tanggal {day} tentang permohonan penitipan server (nomor berkas "
    "{deposit}), kami sampaikan hal berikut.": "With reference to your letter {number} of {day}, in which you asked us "
    "to take a server on deposit (record {deposit}), we inform you of the following.",
    "Menindaklanjuti penitipan server {server} (nomor berkas {deposit}), kami sampaikan hal berikut.": "With reference "
    "to the deposit of the server {server} (record {deposit}), we inform you of the following.",
    "Sehubungan dengan server Saudara yang dititipkan pada {office}, kami sampaikan hal berikut.": "With regard to "
    "your server on deposit at {office}, we inform you of the following.",
    "Demikian disampaikan. Atas perhatian dan kerja sama Saudara, kami ucapkan terima kasih.": "Thank you for your "
    "attention and cooperation.",
    # The hand-over
    "PIHAK PERTAMA": "FIRST PARTY",
    "PIHAK KEDUA": "SECOND PARTY",
    "Mengetahui": "Acknowledged",
    "Goresan": "Drawing",
    "Digores di layar oleh {name}; bukan tanda tangan elektronik bersertifikat.": (
        "Drawn on a screen by {name}; no certified electronic signature."
    ),
    "Disetujui di layar oleh {name}, tanpa goresan; bukan tanda tangan elektronik bersertifikat.": (
        "Agreed on a screen by {name}, without a drawing; no certified electronic signature."
    ),
    "Nama": "Name",
    "NIP": "NIP",
    "Jabatan": "Position",
    "Instansi": "Agency",
    "selanjutnya disebut": "hereafter",
    "Pada hari ini, {weekday}, tanggal {spelled} ({numeric}), bertempat di {place}, kami yang bertanda tangan di bawah "
    "ini:": "On {weekday}, {spelled} ({numeric}), at {place}, we who sign below:",
    "Pada hari {day}, bertempat di {place}, PIHAK PERTAMA menyerahkan barang berikut kepada PIHAK KEDUA.": "On {day}, "
    "at {place}, the FIRST PARTY hands these goods to the SECOND PARTY.",
    "Pada hari {day}, bertempat di {place}, PIHAK PERTAMA mengembalikan barang berikut kepada PIHAK KEDUA.": "On "
    "{day}, at {place}, the FIRST PARTY returns these goods to the SECOND PARTY.",
    "dengan ini menyatakan bahwa PIHAK PERTAMA telah menyerahkan barang berikut untuk dititipkan kepada PIHAK KEDUA, "
    "dan PIHAK KEDUA telah menerimanya:": "declare that the FIRST PARTY has handed over these goods, to be kept on "
    "deposit by the SECOND PARTY, who has received them:",
    "dengan ini menyatakan bahwa PIHAK PERTAMA telah mengembalikan barang titipan berikut kepada PIHAK KEDUA, dan "
    "PIHAK KEDUA telah menerimanya kembali:": "declare that the FIRST PARTY has returned these deposited goods to the "
    "SECOND PARTY, who has received them back:",
    "Demikian berita acara serah terima ini dibuat dalam rangkap 2 (dua) untuk dipergunakan sebagaimana mestinya.": "Th"
    "is record of hand-over is made in 2 (two) copies, to be used as required.",
    "Barang tersebut diterima kantor dengan formulir serah terima {number}.": "The office received these goods with "
    "hand-over form {number}.",
    "nomor {number} tanggal {day}": "{number} of {day}",
    "Barang": "Goods",
    "No": "No",
    "Nama barang": "Item",
    "Merk/tipe": "Make/model",
    "Nomor seri": "Serial number",
    "Jml": "Qty",
    "Satuan": "Unit",
    "Kondisi": "Condition",
    "Kelengkapan": "Accessories",
    "Keterangan": "Remarks",
    "unit": "piece",
    "baik": "good",
    "rusak ringan": "slightly damaged",
    "rusak berat": "badly damaged",
    "lengkap": "complete",
    "tanpa kelengkapan": "none",
    "tidak diketahui": "unknown",
    "kurang": "missing",
    "belum diperiksa": "not checked",
    # The inspection
    "Hasil pemeriksaan": "Result of the inspection",
    "Tidak ada pemeriksaan yang dicatat.": "No inspection is on record.",
    "Yang diperiksa": "Checked",
    "Hasil": "Result",
    "Ok": "Ok",
    "ok": "ok",
    "Tidak": "No",
    "tidak": "no",
    "Tidak berlaku": "Not applicable",
    "tidak berlaku": "not applicable",
    "Nomor seri sesuai surat": "Serial number as in the letter",
    "Tinggi dan kedalaman sesuai tempat": "Height and depth fit the place",
    "Rel dan kabel lengkap": "Rails and cables are there",
    "Catu daya berfungsi": "Power supplies work",
    "Server dapat dinyalakan": "The server powers on",
    "Tidak ada kerusakan yang terlihat": "No visible damage",
    "Disk sesuai surat": "Disks as in the letter",
    "Port jaringan sesuai surat": "Network ports as in the letter",
    "Label aset terpasang": "Asset label is on it",
    "BMC dapat dijangkau atau direset": "BMC can be reached or reset",
    "Foto terlampir": "Photo attached",
    "Diterima dengan catatan": "Accepted with a remark",
    # The exit record
    "Server titipan berikut telah diambil kembali pemiliknya dan keluar dari {office}.": "This deposited server was "
    "taken back by its owner and has left {office}.",
    "Server": "Server",
    "Pengembalian": "Return",
    "Nomor berkas": "Record",
    "Nama server": "Name of the server",
    "Merk dan tipe": "Make and model",
    "Pemilik": "Owner",
    "Tempat semula": "Place it had",
    "Tanggal keluar": "Left on",
    "Serah terima pengembalian": "Return form",
    "Diambil oleh": "Taken by",
    "Surat pengambilan": "Letter that asked for it",
    "Data pada disk": "Data on the disks",
    "sesuai serah terima": "as handed over",
    "tidak dihapus": "not wiped",
    "lihat daftar media penyimpanan": "see the list of storage media",
    # What befalls a server
    "Berita Acara Pemindahan Server": "Record of a Server's Move",
    "Server titipan berikut telah dipindahkan ke tempat lain di {office}.": "This deposited server was moved to "
    "another place at {office}.",
    "Pemindahan": "Move",
    "Tempat baru": "New place",
    "Port switch semula": "Switch port it had",
    "Port switch baru": "New switch port",
    "Demikian berita acara ini dibuat untuk dipergunakan sebagaimana mestinya.": "This record is made to be used as "
    "required.",
    "Berita Acara Server Keluar Tanpa Pengembalian": "Record of a Server that Left without a Return",
    "Server titipan berikut tidak lagi berada di {office} dan tidak dikembalikan kepada pemiliknya.": "This deposited "
    "server is no longer at {office}, and was not returned to its owner.",
    "Serah terima masuk": "Hand-over form",
    "Kejadian": "What happened",
    "Keadaan": "State",
    "dicuri": "stolen",
    "rusak": "broken",
    "disita": "seized",
    "Tanggal dicatat": "Recorded on",
    "Uraian": "Description",
    "Bukti": "Evidence",
    "terlampir dalam berkas": "enclosed in the record",
    "tidak ada": "none",
    "Akses": "Access",
    "Masuk ke server": "Logins to the server",
    "dihentikan sejak dicatat": "stopped since it was recorded",
    "Pada server": "On the server",
    "akun dan pengaturan kantor masih ada di server": "the office's account and settings are still there",
    "kantor belum mengonfigurasi server": "the office had not configured it",
    "Port switch": "Switch port",
    "tidak tercatat": "not recorded",
    "Sertifikat ini diterbitkan pada {day}.": "This certificate was issued on {day}.",
    "Pada hari ini, {weekday}, tanggal {spelled} ({numeric}), yang bertanda tangan di bawah ini mencatat hal "
    "berikut.": "On {weekday}, {spelled} ({numeric}), those who sign below record the following.",
    "Adendum Formulir Serah Terima": "Addendum to the Hand-over Form",
    "Adendum ini memperbaiki formulir serah terima nomor {number} tanggal {day}.": "This addendum mends the hand-over "
    "form {number} of {day}.",
    "Perbaikan": "Correction",
    "Yang benar": "What is right",
    "Demikian adendum ini dibuat untuk dipergunakan sebagaimana mestinya.": "This addendum is made to be used as "
    "required.",
    # The disks
    "Sertifikat Sanitasi Media Penyimpanan": "Certificate of Media Sanitisation",
    "Media penyimpanan server titipan berikut telah ditangani menurut metode NIST SP 800-88 (Guidelines for Media "
    "Sanitization): Clear, Purge atau Destroy.": "The storage media of this deposited server were treated by the "
    "methods of NIST SP 800-88 (Guidelines for Media Sanitization): Clear, Purge or Destroy.",
    "Media penyimpanan": "Storage media",
    "Nomor seri disk": "Serial number of the disk",
    "Metode": "Method",
    "Alat dan cara": "Tool and technique",
    "Pembuktian": "Verified",
    "Oleh": "By",
    "Destroy (dimusnahkan)": "Destroy",
    "dikembalikan tanpa dihapus": "returned without wiping",
    "berhasil": "succeeded",
    "gagal": "failed",
    "Semua disk yang diketahui pada server ini tercantum dalam daftar di atas.": "The list above has all disks that "
    "are known of this server.",
    "Disk pada server ini tidak terbaca oleh pendataan; yang tercantum adalah disk yang disebutkan petugas.": "The "
    "disks of this server could not be read; the list has those that the officer named.",
    "{count} disk lain": "{count} other disks",
    "Belum ditangani, dan tidak tercakup dalam sertifikat ini: {disks}.": "Not treated yet, and not covered by this "
    "certificate: {disks}.",
    "Akses, layanan dan port jaringan server ini telah dicabut.": "Access, services and network port of this server "
    "were taken back.",
    "Petugas": "Officer",
    # The request letter
    "(kop surat perangkat daerah pemohon)": "(letterhead of the requesting unit)",
    "Dengan ini kami mengajukan permohonan penitipan server kepada {office}:": "We ask {office} to take this server on "
    "deposit:",
    "Demikian permohonan ini kami sampaikan. Atas perhatian dan kerja samanya kami ucapkan terima kasih.": "We thank "
    "you for your attention and cooperation.",
    "Pemohon": "Requested by",
    "Kepala Perangkat Daerah": "Head of the unit",
    "Tanggal": "Date",
    "Perihal": "Subject",
    "Perangkat daerah": "Unit",
    "OPD": "Agency",
    "Bidang/UPTD": "Division",
    "Alamat": "Address",
    "Telepon": "Phone",
    "E-mail": "E-mail",
    "HP": "Mobile phone",
    "Pangkat/golongan": "Rank and grade",
    "Penanggung jawab administratif": "Administrative contact",
    "Penanggung jawab teknis": "Technical contact",
    "Nama server (host name)": "Host name",
    "Prosesor": "Processor",
    "Core": "Cores",
    "RAM (GiB)": "RAM (GiB)",
    "Disk": "Disks",
    "Catu daya (W)": "Power supply (W)",
    "Tinggi (U)": "Height (U)",
    "Kedalaman (mm)": "Depth (mm)",
    "Berat (kg)": "Weight (kg)",
    "Sistem operasi": "Operating system",
    "Alamat BMC (iLO, iDRAC; boleh kosong)": "BMC address (iLO, iDRAC; may be empty)",
    "Platform perangkat jaringan": "Platform of a network appliance",
    "Perangkat jaringan": "Network appliance",
    "perangkat jaringan": "network appliance",
    "Jenis": "Kind",
    "Aplikasi": "Application",
    "Deskripsi aplikasi": "What the application does",
    "Jaringan dan akses": "Network and access",
    "Alamat IP": "IP address",
    "Port SSH": "SSH port",
    "Port layanan": "Service ports",
    "Hanya dari alamat atau jaringan": "Only from addresses or networks",
    "Akun awal untuk petugas": "First account for the office",
    "Akun: kunci publik": "Account: public key",
    "Penitipan": "Deposit",
    "Berlaku sampai": "Valid until",
}


def say(text: str, language: Language, **values: str) -> str:
    """`text` in `language`, with `values` filled in."""
    said = ENGLISH[text] if language == "en" else text
    return said.format(**values) if values else said


def translated(value: Any, language: Language) -> Any:
    """A form's plain data with every text that is an entry translated; keys and all other texts stay."""
    if language == "id":
        return value
    if isinstance(value, str):
        return ENGLISH.get(value, value)
    if isinstance(value, dict):
        return {key: translated(item, language) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [translated(item, language) for item in value]
    return value
