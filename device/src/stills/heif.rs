//! HEIC, HEIF and AVIF by the system's libheif, which is looked for when the first such picture comes: OpenCV's own
//! packages bring it on Debian, and no other machine has to have it.
//!
//! Declarations are those of `libheif/heif.h`, of a part that has stayed the same since 1.3. libheif turns and mirrors as
//! the file says.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

use libloading::Library;
use opencv::core::Mat;

use super::read::{PictureError, of_rgb};

/// Names of the library.
const NAMES: [&str; 2] = ["libheif.so.1", "libheif.so"];
/// `heif_colorspace_RGB`, `heif_chroma_interleaved_RGB`, `heif_channel_interleaved`.
const RGB: c_int = 1;
const INTERLEAVED_RGB: c_int = 10;
const INTERLEAVED: c_int = 10;
/// `heif_error_Unsupported_filetype`, `_Unsupported_feature`, `_Plugin_loading_error`: a part of the library is missing.
const LACKS_A_PART: [c_int; 3] = [3, 4, 11];

/// Why libheif gives no picture.
#[derive(Debug, thiserror::Error)]
pub enum HeifError {
    /// It is not on this machine.
    #[error("it is a HEIC or AVIF picture, and libheif, which reads those, is not installed (Debian's libheif1)")]
    Missing,
    /// A decoder is missing.
    #[error(
        "libheif lacks a decoder for it: {0}; Debian has libheif-plugin-libde265 for HEIC, libheif-plugin-dav1d for AVIF"
    )]
    LacksDecoder(String),
    /// It does not make sense of the picture.
    #[error("it is damaged: {0}")]
    Damaged(String),
}

/// `struct heif_error`.
#[repr(C)]
struct Refusal {
    code: c_int,
    subcode: c_int,
    message: *const c_char,
}

impl Refusal {
    fn check(self) -> Result<(), HeifError> {
        if self.code == 0 {
            return Ok(());
        }
        // SAFETY: libheif's messages are constant or live as long as the context, which is freed later.
        let said = (!self.message.is_null()).then(|| unsafe { CStr::from_ptr(self.message) }.to_string_lossy());
        // Some of its sentences go over several lines.
        let said = said.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        Err(if LACKS_A_PART.contains(&self.code) { HeifError::LacksDecoder(said) } else { HeifError::Damaged(said) })
    }
}

type Context = c_void;
type Handle = c_void;
type Image = c_void;

/// The functions that are needed.
struct Heif {
    context_alloc: unsafe extern "C" fn() -> *mut Context,
    context_free: unsafe extern "C" fn(*mut Context),
    read_from_memory: unsafe extern "C" fn(*mut Context, *const c_void, usize, *const c_void) -> Refusal,
    primary: unsafe extern "C" fn(*mut Context, *mut *mut Handle) -> Refusal,
    handle_release: unsafe extern "C" fn(*const Handle),
    handle_width: unsafe extern "C" fn(*const Handle) -> c_int,
    handle_height: unsafe extern "C" fn(*const Handle) -> c_int,
    decode: unsafe extern "C" fn(*const Handle, *mut *mut Image, c_int, c_int, *const c_void) -> Refusal,
    image_release: unsafe extern "C" fn(*const Image),
    image_width: unsafe extern "C" fn(*const Image, c_int) -> c_int,
    image_height: unsafe extern "C" fn(*const Image, c_int) -> c_int,
    plane: unsafe extern "C" fn(*const Image, c_int, *mut c_int) -> *const u8,
    /// Unloaded never: the functions are its.
    _library: Library,
}

impl Heif {
    /// The library of this machine, if it has one.
    fn get() -> Option<&'static Self> {
        static HEIF: OnceLock<Option<Heif>> = OnceLock::new();
        HEIF.get_or_init(|| NAMES.iter().find_map(|name| Self::load(name))).as_ref()
    }

    fn load(name: &str) -> Option<Self> {
        // SAFETY: libheif's initialisers only fill its own tables.
        let library = unsafe { Library::new(name) }.ok()?;
        macro_rules! function {
            ($name:literal) => {
                // SAFETY: the type of each field is the function's in heif.h.
                *unsafe { library.get($name) }.ok()?
            };
        }
        Some(Self {
            context_alloc: function!(b"heif_context_alloc\0"),
            context_free: function!(b"heif_context_free\0"),
            read_from_memory: function!(b"heif_context_read_from_memory_without_copy\0"),
            primary: function!(b"heif_context_get_primary_image_handle\0"),
            handle_release: function!(b"heif_image_handle_release\0"),
            handle_width: function!(b"heif_image_handle_get_width\0"),
            handle_height: function!(b"heif_image_handle_get_height\0"),
            decode: function!(b"heif_decode_image\0"),
            image_release: function!(b"heif_image_release\0"),
            image_width: function!(b"heif_image_get_width\0"),
            image_height: function!(b"heif_image_get_height\0"),
            plane: function!(b"heif_image_get_plane_readonly\0"),
            _library: library,
        })
    }
}

/// Something of libheif's that is given back in the end.
struct Held(*mut c_void, unsafe extern "C" fn(*const c_void));

impl Drop for Held {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: libheif gave it, and it is given back once.
            unsafe { (self.1)(self.0) }
        }
    }
}

struct HeldContext<'a>(&'a Heif, *mut Context);

impl Drop for HeldContext<'_> {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { (self.0.context_free)(self.1) }
    }
}

/// The main picture of a file, 8-bit BGR.
///
/// # Errors
/// There is no libheif, it lacks a decoder, or the picture is damaged or larger than `most_pixels`.
pub fn read(bytes: &[u8], most_pixels: u64) -> Result<Mat, PictureError> {
    let heif = Heif::get().ok_or(HeifError::Missing)?;
    // SAFETY: the pointers are what libheif gave for `bytes`, which outlive the context; drops go handle, then context.
    unsafe {
        let context = HeldContext(heif, (heif.context_alloc)());
        if context.1.is_null() {
            return Err(PictureError::TooLarge);
        }
        (heif.read_from_memory)(context.1, bytes.as_ptr().cast(), bytes.len(), null()).check()?;
        let mut handle = Held(null_mut(), heif.handle_release);
        (heif.primary)(context.1, &raw mut handle.0).check()?;
        let side = |side: c_int| u64::from(side.unsigned_abs());
        if side((heif.handle_width)(handle.0)) * side((heif.handle_height)(handle.0)) > most_pixels {
            return Err(PictureError::TooLarge);
        }
        let mut image = Held(null_mut(), heif.image_release);
        (heif.decode)(handle.0, &raw mut image.0, RGB, INTERLEAVED_RGB, null()).check()?;
        let mut stride = 0;
        let plane = (heif.plane)(image.0, INTERLEAVED, &raw mut stride);
        let width = (heif.image_width)(image.0, INTERLEAVED);
        let height = (heif.image_height)(image.0, INTERLEAVED);
        let sides = [width, height, stride].map(|side| usize::try_from(side).unwrap_or(0));
        let [width, height, stride] = sides;
        if plane.is_null() || width == 0 || height == 0 || stride < 3 * width {
            return Err(PictureError::Damaged);
        }
        // The last row may have no padding behind it.
        of_rgb(std::slice::from_raw_parts(plane, stride * (height - 1) + 3 * width), width, stride)
    }
}
