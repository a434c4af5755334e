//! Files, to the box and from it.

use super::{ANSWER, CHECKED, Client, Progress};
use crate::link::LinkError;
use crate::link::message::{Begun, BulkHead, FileKind, FileName, Hash, PIECE, Pushed, Refusal, Request};
use crate::link::mux::Order;

impl Client {
    /// Brings a file to the box, where it is checked and kept but not put in force: see [`Client::activate`]. Broken
    /// off anywhere, the next push of the same bytes goes on there.
    ///
    /// # Errors
    /// The box refuses the file, another laptop is pushing, or the session is over.
    pub async fn push(
        &self,
        kind: FileKind,
        name: &FileName,
        file: &[u8],
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<Pushed, LinkError> {
        let mut stream = self.session.open(ANSWER).await?;
        let bytes = file.len() as u64;
        stream.send(&Request::Push { kind, name: name.clone(), bytes, hash: Hash::of(file) }).await?;
        let begun: Option<Result<Begun, Refusal>> = stream.receive_within(ANSWER).await?;
        let Begun { offset } = begun.ok_or(LinkError::Violation("no answer"))??;
        let rest = usize::try_from(offset).ok().and_then(|offset| file.get(offset..));
        let rest = rest.ok_or(LinkError::Violation("more is there than there is"))?;
        stream.order(Order::Bulk);
        let mut shown = Progress { done_bytes: offset, total_bytes: bytes, takes: 0 };
        progress(shown);
        // An empty one is the end. The box may say no in the middle.
        for piece in rest.chunks(PIECE).chain([&[][..]]) {
            if !stream.send_unless_answered(&piece, ANSWER).await? {
                break;
            }
            shown.done_bytes += piece.len() as u64;
            progress(shown);
        }
        let pushed: Option<Result<Pushed, Refusal>> = stream.receive_within(CHECKED).await?;
        let pushed = pushed.ok_or(LinkError::Violation("no answer"))??;
        if shown.done_bytes != bytes {
            return Err(LinkError::Violation("a file taken that was not sent"));
        }
        stream.finished();
        Ok(pushed)
    }

    /// Brings a file from the box. `have` is what an earlier try has left; whatever came before a break is there again
    /// after it.
    ///
    /// # Errors
    /// There is none, it is not what the box announced, or the session is over.
    pub async fn fetch(
        &self,
        kind: FileKind,
        name: &FileName,
        have: &mut Vec<u8>,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<(), LinkError> {
        let mut stream = self.session.open(ANSWER).await?;
        stream.send(&Request::Fetch { kind, name: name.clone(), offset: have.len() as u64 }).await?;
        let head: Option<Result<BulkHead, Refusal>> = stream.receive_within(ANSWER).await?;
        let head = head.ok_or(LinkError::Violation("no answer"))??;
        if head.bytes > kind.most_bytes() {
            return Err(LinkError::Violation("a file longer than any of its kind"));
        }
        while let Some(piece) = stream.receive_within::<Result<Vec<u8>, Refusal>>(ANSWER).await? {
            let piece = piece?;
            // An empty one would bring nothing, without end.
            if piece.is_empty() || (have.len() + piece.len()) as u64 > head.bytes {
                return Err(LinkError::Violation("a piece that is none of the file"));
            }
            have.extend(piece);
            progress(Progress { done_bytes: have.len() as u64, total_bytes: head.bytes, takes: 0 });
        }
        if have.len() as u64 != head.bytes || Hash::of(have) != head.hash {
            have.clear();
            return Err(LinkError::WrongHash(name.to_string()));
        }
        stream.finished();
        Ok(())
    }
}
