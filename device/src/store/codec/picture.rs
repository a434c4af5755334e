//! Small pictures of the camera, between the observations of a take.

use super::PICTURE;

/// Bytes of a JPEG at most.
pub const MOST_PICTURE: usize = 48 << 10;
/// What every JPEG begins with.
const JPEG: [u8; 2] = [0xFF, 0xD8];

/// What the camera saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Number of the frame, as [`rasika_models::Observation::frame`].
    pub frame: u64,
    /// A JPEG.
    pub jpeg: Vec<u8>,
}

impl Picture {
    /// As a chunk of a take; `None` if it is no JPEG or too large.
    #[must_use]
    pub fn chunk(&self) -> Option<Vec<u8>> {
        let fits = self.jpeg.starts_with(&JPEG) && self.jpeg.len() <= MOST_PICTURE;
        fits.then(|| [&[PICTURE, 0][..], &self.frame.to_le_bytes(), &self.jpeg].concat())
    }

    /// The picture in a chunk, if that is one.
    #[must_use]
    pub fn read(chunk: &[u8]) -> Option<Self> {
        let (frame, jpeg) = chunk.strip_prefix(&[PICTURE, 0])?.split_first_chunk()?;
        let fits = jpeg.starts_with(&JPEG) && jpeg.len() <= MOST_PICTURE;
        fits.then(|| Self { frame: u64::from_le_bytes(*frame), jpeg: jpeg.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ChunkError, count, read_chunk};
    use super::*;

    #[test]
    fn a_picture_is_a_chunk_without_observations() {
        let picture = Picture { frame: 258, jpeg: vec![0xFF, 0xD8, 7] };
        let chunk = picture.chunk().unwrap();
        assert_eq!(chunk, [2, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0xFF, 0xD8, 7]);
        assert_eq!((count(&chunk), read_chunk(&chunk)), (Ok(0), Ok(vec![])));
        assert_eq!(Picture::read(&chunk), Some(picture));
    }

    #[test]
    fn what_is_no_picture_is_none() {
        let no_jpeg = Picture { frame: 1, jpeg: b"GIF".to_vec() };
        let huge = Picture { frame: 1, jpeg: [&JPEG[..], &vec![0; MOST_PICTURE]].concat() };
        assert_eq!((no_jpeg.chunk(), huge.chunk()), (None, None));
        for bytes in
            [&[2_u8, 0][..], &[2, 0, 1, 0, 0, 0, 0, 0, 0, 0, b'G'], &[2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xD8]]
        {
            assert_eq!((Picture::read(bytes), count(bytes)), (None, Err(ChunkError::Damaged)), "{bytes:?}");
        }
    }
}
