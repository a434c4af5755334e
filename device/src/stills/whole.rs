//! Whether a picture's file reaches its end. A decoder paints what is missing grey and says nothing.

use super::kind::Kind;

/// Whether a file ends before its picture does, as far as its structure tells; decoders refuse the rest.
#[must_use]
pub fn ends_early(kind: Kind, bytes: &[u8]) -> bool {
    match kind {
        Kind::Jpeg => !jpeg_ends(bytes),
        Kind::Png => !png_ends(bytes),
        Kind::WebP => {
            let length = bytes.get(4..8).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            (bytes.len() as u64) < u64::from(length) + 8
        }
        _ => false,
    }
}

/// Whether the segments of a JPEG lead to the end of its picture. What follows (a phone's second picture) is not looked at.
fn jpeg_ends(bytes: &[u8]) -> bool {
    let mut at = 2;
    let mut scanned = false;
    while let Some(rest) = bytes.get(at..) {
        match *rest {
            // Filling, a stuffed 0xff, restarts: part of the coded picture, or nothing at all.
            [0xff, 0xff, ..] => at += 1,
            [0xff, 0x00 | 0x01 | 0xd0..=0xd8, ..] => at += 2,
            [0xff, 0xd9, ..] => return scanned,
            [0xff, marker, high, low, ..] => {
                scanned |= marker == 0xda;
                at += 2 + usize::from(u16::from_be_bytes([high, low]));
            }
            [0xff, ..] | [] => return false,
            // The coded picture, which only a marker ends.
            [_, ..] => match rest.iter().position(|byte| *byte == 0xff) {
                Some(next) => at += next,
                None => return false,
            },
        }
    }
    false
}

/// Whether the chunks of a PNG lead to its last.
fn png_ends(bytes: &[u8]) -> bool {
    let mut at = 8;
    while let Some(head) = bytes.get(at..at + 8) {
        if &head[4..] == b"IEND" {
            return true;
        }
        at += 12 + u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jpeg_that_was_cut_anywhere_is_told_from_a_whole_one() {
        let whole = [
            &b"\xff\xd8\xff\xe1\0\x06\xff\xd9ab\xff\xda\0\x04xy\x12\xff\0\x34\xff\xd0\x56"[..],
            // Progressive pictures have tables and scans more.
            b"\xff\xc4\0\x03z\xff\xda\0\x02\x78\xff\xff\xd9",
        ]
        .concat();
        assert!(!ends_early(Kind::Jpeg, &whole));
        assert!(!ends_early(Kind::Jpeg, &[&whole[..], b"a phone's film"].concat()));
        for cut in 3..whole.len() {
            assert!(ends_early(Kind::Jpeg, &whole[..cut]), "{cut}");
            // A download that was given its place on the disk, and never came.
            let mut zeros = whole[..cut].to_vec();
            zeros.resize(whole.len() + 100, 0);
            assert!(ends_early(Kind::Jpeg, &zeros), "{cut}");
        }
    }

    #[test]
    fn a_png_and_a_webp_that_were_cut_are_told() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x02IHDRab1234\0\0\0\0IEND1234";
        assert!(!ends_early(Kind::Png, png));
        assert!((8..png.len() - 8).all(|cut| ends_early(Kind::Png, &png[..cut])));
        let webp = b"RIFF\x08\0\0\0WEBPVP8 ";
        assert!(!ends_early(Kind::WebP, webp));
        assert!(ends_early(Kind::WebP, &webp[..15]));
    }
}
