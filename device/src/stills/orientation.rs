//! Which way up a picture is, by its EXIF.

use std::io::Cursor;

use exif::{In, Reader, Tag};

use crate::source::shape::Orientation;

/// What a picture says of its own orientation. TIFFs are turned by whoever decodes them.
pub(super) fn orientation(bytes: &[u8]) -> Orientation {
    if bytes.starts_with(b"II*\0") || bytes.starts_with(b"MM\0*") {
        return Orientation::default();
    }
    let read = Reader::new().continue_on_error(true).read_from_container(&mut Cursor::new(bytes));
    let exif = match read {
        Ok(exif) => Some(exif),
        // What could be read of damaged EXIF may be what is looked for.
        Err(error) => error.distill_partial_result(|_| {}).ok(),
    };
    let field = exif.as_ref().and_then(|exif| exif.get_field(Tag::Orientation, In::PRIMARY));
    field.and_then(|field| field.value.get_uint(0)).map_or_else(Orientation::default, Orientation::of_exif)
}
