//! What a file is, by how it begins: endings lie, and some files have none.

use std::path::Path;

/// Bytes that tell every kind.
pub const HEAD: usize = 64;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// JPEG, with all its endings (jpg, jpeg, jpe, jfif).
    Jpeg,
    /// PNG.
    Png,
    /// GIF, animated or not.
    Gif,
    /// WebP, animated or not.
    WebP,
    /// TIFF.
    Tiff,
    /// Windows bitmap.
    Bmp,
    /// Netpbm: pbm, pgm, ppm, pnm.
    Netpbm,
    /// HEIC, HEIF and AVIF: coded pictures in one kind of container.
    Heif,
    /// JPEG 2000.
    Jpeg2000,
    /// A picture of a kind that nothing here reads; its name.
    Foreign(&'static str),
    /// A film.
    Film,
}

/// Endings of pictures that are read.
const PICTURES: [&str; 23] = [
    "jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp", "png", "gif", "webp", "tif", "tiff", "bmp", "dib", "pbm", "pgm",
    "ppm", "pnm", "heic", "heif", "hif", "avif", "jp2", "j2k",
];
/// Endings of what cameras keep raw: TIFFs by their beginning, of which only a thumbnail could be read.
const RAW: [&str; 12] = ["dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "orf", "rw2", "raf", "pef", "srw"];
/// Endings of other pictures that are not read.
const FOREIGN: [(&str, &str); 5] = [
    ("jxl", "JPEG XL"),
    ("psd", "a Photoshop file"),
    ("svg", "a drawing (SVG)"),
    ("xcf", "a GIMP file"),
    ("pdf", "a PDF"),
];
/// Endings of films.
const FILMS: [&str; 13] = ["mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "mts", "wmv", "3gp", "flv"];
/// Brands of a container of pictures, in its `ftyp` box.
const HEIF_BRANDS: [&[u8; 4]; 12] =
    [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1", b"avif", b"avis"];

impl Kind {
    /// What a file is that begins so, if that can be told; [`HEAD`] bytes are enough.
    #[must_use]
    pub fn of_head(head: &[u8]) -> Option<Self> {
        let at = |from: usize, bytes: &[u8]| head.get(from..).is_some_and(|rest| rest.starts_with(bytes));
        let begins = |bytes: &[u8]| at(0, bytes);
        let riff = |form: &[u8]| begins(b"RIFF") && at(8, form);
        Some(match () {
            () if begins(b"\xff\xd8\xff") => Self::Jpeg,
            () if begins(b"\x89PNG\r\n\x1a\n") => Self::Png,
            () if begins(b"GIF87a") || begins(b"GIF89a") => Self::Gif,
            () if riff(b"WEBP") => Self::WebP,
            () if [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|magic| begins(*magic)) => Self::Tiff,
            // Two letters alone begin many a text; four bytes of a bitmap are always 0.
            () if begins(b"BM") && at(6, &[0; 4]) => Self::Bmp,
            () if matches!(head, [b'P', b'1'..=b'6', b'\n' | b'\r' | b' ' | b'\t', ..]) => Self::Netpbm,
            () if begins(b"\0\0\0\x0cjP  ") || begins(b"\xff\x4f\xff\x51") => Self::Jpeg2000,
            () if begins(b"\0\0\0\x0cJXL ") || begins(b"\xff\x0a") => Self::Foreign("JPEG XL"),
            () if begins(b"8BPS") => Self::Foreign("a Photoshop file"),
            () if begins(b"%PDF-") => Self::Foreign("a PDF"),
            () if at(4, b"ftyp") => Self::of_brands(head),
            () if begins(b"\x1a\x45\xdf\xa3") || riff(b"AVI ") || begins(b"FLV\x01") => Self::Film,
            () => return None,
        })
    }

    /// A container that names what it follows: pictures, or else a film.
    fn of_brands(head: &[u8]) -> Self {
        let length = head.get(..4).map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize);
        let brands = head.get(8..length.min(head.len())).unwrap_or_default().chunks_exact(4);
        let major = brands.clone().next();
        let is_heif = |brand: &[u8]| HEIF_BRANDS.iter().any(|known| *known == brand);
        // Films of some phones are compatible with a brand of pictures too: the first brand decides where it is known.
        match major {
            Some(brand) if is_heif(brand) => Self::Heif,
            Some(b"isom" | b"iso2" | b"mp41" | b"mp42" | b"avc1" | b"qt  ") => Self::Film,
            _ if brands.skip(2).any(is_heif) => Self::Heif,
            _ => Self::Film,
        }
    }

    /// What a file's name says, if it says anything of a picture or film.
    #[must_use]
    pub fn of_name(path: &Path) -> Option<Named> {
        let ending = path.extension()?.to_str()?.to_lowercase();
        let ending = ending.as_str();
        if PICTURES.contains(&ending) {
            return Some(Named::Picture);
        }
        if RAW.contains(&ending) {
            return Some(Named::Foreign("a camera's raw file"));
        }
        if let Some((_, name)) = FOREIGN.iter().find(|(known, _)| *known == ending) {
            return Some(Named::Foreign(name));
        }
        FILMS.contains(&ending).then_some(Named::Film)
    }
}

/// What a name says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// A picture that can be read.
    Picture,
    /// A picture that cannot; what it is.
    Foreign(&'static str),
    /// A film.
    Film,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_is_is_told_by_its_beginning() {
        for (head, kind) in [
            (&b"\xff\xd8\xff\xe1\0\x10Exif"[..], Some(Kind::Jpeg)),
            (b"GIF89a\x01\0", Some(Kind::Gif)),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some(Kind::WebP)),
            (b"RIFF\x10\0\0\0AVI LIST", Some(Kind::Film)),
            (b"BMW is a car, and this a text", None),
            (b"BM\x46\0\0\0\0\0\0\0\x36\0", Some(Kind::Bmp)),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", Some(Kind::Heif)),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Some(Kind::Heif)),
            (b"\0\0\0\x18ftypisom\0\0\x02\0isommif1", Some(Kind::Film)),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", Some(Kind::Film)),
            (b"\xff\x0a\x01\x02", Some(Kind::Foreign("JPEG XL"))),
            (b"\x89PN", None),
            (b"", None),
        ] {
            assert_eq!(Kind::of_head(head), kind, "{head:?}");
        }
    }
}
