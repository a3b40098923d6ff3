//! The store's photos: what the screens ask, and the steps of the courier, each one transaction.

use super::{Event, NewPhoto, PhotoName, PhotoSize, Reply, Store, StoreError, photos};
use lianxin_shared::sync::Parcel;

impl Store {
    /// See [`Request::KeepPhoto`](super::Request::KeepPhoto).
    pub(super) fn keep_photo(&mut self, new: &NewPhoto) -> Result<Reply, StoreError> {
        Ok(Reply::PhotoKept(self.transact(|db| photos::keep(db, new))?))
    }

    /// See [`Request::Picture`](super::Request::Picture).
    pub(super) fn picture(&self, name: &PhotoName, size: PhotoSize) -> Result<Reply, StoreError> {
        Ok(Reply::Picture(photos::picture(&self.connection, name, size)?))
    }

    /// See [`Request::PhotoPlace`](super::Request::PhotoPlace).
    pub(super) fn photo_place(&self, name: PhotoName) -> Result<Reply, StoreError> {
        Ok(Reply::PhotoPlace(photos::view_of(&self.connection, name, String::new())?.place))
    }

    /// Lets photos go that nothing has named for a day.
    ///
    /// # Errors
    /// When SQLite fails; nothing has gone then.
    pub fn collect_photos(&mut self, now_ms: i64) -> Result<(), StoreError> {
        self.transact(|db| photos::collect(db, now_ms))
    }

    /// The courier's `LoadNext`.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn next_parcel(&self) -> Result<Option<Parcel>, StoreError> {
        photos::next(&self.connection)
    }

    /// Some bytes of a file that is to be sent.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if it is not here any more, or when SQLite fails.
    pub fn parcel_bytes(&self, parcel: &Parcel, offset: u64, length: u64) -> Result<Vec<u8>, StoreError> {
        photos::bytes(&self.connection, parcel, offset, length)
    }

    /// The courier's `Delivered`.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn parcel_delivered(&mut self, parcel: &Parcel) -> Result<(), StoreError> {
        self.transact(|db| photos::delivered(db, parcel))?;
        self.say_sync_line();
        Ok(())
    }

    /// The courier's `Refused`.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn parcel_refused(&mut self, parcel: &Parcel, words: &str) -> Result<(), StoreError> {
        self.transact(|db| photos::refused(db, parcel, words))?;
        self.say_sync_line();
        Ok(())
    }

    /// The courier's `PutOff`.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn parcel_put_off(&mut self, parcel: &Parcel) -> Result<(), StoreError> {
        self.transact(|db| photos::put_off(db, parcel))
    }

    /// The cadre asks to try once more what was refused.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn offer_refused_again(&mut self) -> Result<(), StoreError> {
        self.transact(photos::offer_again)
    }

    /// Takes a picture that the township has sent, or why it has not.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn fetched(
        &mut self,
        name: PhotoName,
        size: PhotoSize,
        outcome: Result<&[u8], String>,
    ) -> Result<(), StoreError> {
        let refusal = match outcome {
            Ok(bytes) if self.transact(|db| photos::keep_fetched(db, &name, size, bytes))? => None,
            Ok(_) => Some("收到的不是这张照片，没有存。请过一会儿再点一下。".to_owned()),
            Err(words) => Some(words),
        };
        self.events.push(Event::Fetched { name, size, refusal });
        Ok(())
    }
}
