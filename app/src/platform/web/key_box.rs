//! The database's key in the browser: 32 random bytes, encrypted by an AES-GCM key that WebCrypto made
//! non-extractable, both in IndexedDB. A copy of the database's files alone opens nothing.

use idb::{Database, DatabaseEvent, Factory, ObjectStoreParams, Query, TransactionMode};
use js_sys::{Array, Object, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CryptoKey, IdbDatabase, IdbTransaction, SubtleCrypto};

use super::js;
use crate::{platform::StoreKey, store::StoreError};

const KEY_DATABASE: &str = "lianxin-key";
const KEY_STORE: &str = "keys";
const KEY_ENTRY: &str = "store";
const NONCE_BYTES: usize = 12;
const ALGORITHM: &str = "AES-GCM";

/// The key in this browser, if there is one.
///
/// # Errors
/// [`StoreError::Locked`] when it cannot be unwrapped.
pub(super) async fn load() -> Result<Option<StoreKey>, StoreError> {
    let keys = open_keys().await?;
    let entry = read_entry(&keys).await?;
    keys.close();
    match entry {
        Some(entry) => unwrap(&entry).await.map(Some),
        None => Ok(None),
    }
}

/// A new key, kept durably. Only where no database exists that an old one would open, and none is kept.
///
/// # Errors
/// When the browser does not keep it.
pub(super) async fn create() -> Result<StoreKey, StoreError> {
    let keys = IdbDatabase::from(open_keys().await?);
    let key = make(&keys).await;
    keys.close();
    key
}

async fn open_keys() -> Result<Database, StoreError> {
    let failed = |error: idb::Error| StoreError::Broken(format!("打开钥匙库：{error}"));
    let mut request =
        Factory::new().and_then(|factory| factory.open(KEY_DATABASE, Some(1))).map_err(failed)?;
    request.on_upgrade_needed(|event| {
        // A failure here aborts the upgrade, so the awaited request reports it.
        let _ = event.database().map(|keys| keys.create_object_store(KEY_STORE, ObjectStoreParams::new()));
    });
    request.await.map_err(failed)
}

async fn read_entry(keys: &Database) -> Result<Option<JsValue>, StoreError> {
    let failed = |error: idb::Error| StoreError::Broken(format!("读钥匙：{error}"));
    let transaction = keys.transaction(&[KEY_STORE], TransactionMode::ReadOnly).map_err(failed)?;
    let store = transaction.object_store(KEY_STORE).map_err(failed)?;
    let entry = store.get(Query::Key(JsValue::from_str(KEY_ENTRY))).map_err(failed)?.await.map_err(failed)?;
    Ok(entry.filter(|entry| entry.is_object()))
}

async fn make(keys: &IdbDatabase) -> Result<StoreKey, StoreError> {
    let random = |error: getrandom::Error| StoreError::Broken(format!("没有随机数：{error}"));
    let key = StoreKey::random().map_err(random)?;
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(random)?;
    let failed = |error: JsValue| js::storage_error("做钥匙", &error);

    let subtle = subtle()?;
    let usages = Array::of2(&"encrypt".into(), &"decrypt".into());
    let wrapping: CryptoKey = js::settle(subtle.generate_key_with_object(&generation(), false, &usages))
        .await
        .map_err(failed)?
        .unchecked_into();
    let wrapped =
        js::settle(subtle.encrypt_with_object_and_u8_array(&algorithm(&nonce), &wrapping, key.bytes()))
            .await
            .map_err(failed)?;

    let entry = Object::new();
    js::set(&entry, "wrapping", &wrapping);
    js::set(&entry, "nonce", &Uint8Array::from(nonce.as_slice()));
    js::set(&entry, "wrapped", &wrapped);
    write_entry(keys, &entry).await?;
    Ok(key)
}

/// Writes with strict durability: the key must reach the disk before the first row that only it can read.
async fn write_entry(keys: &IdbDatabase, entry: &JsValue) -> Result<(), StoreError> {
    let failed = |error: idb::Error| StoreError::Broken(format!("存钥匙：{error}"));
    let options = Object::new();
    js::set(&options, "durability", &"strict".into());
    let arguments = Array::of3(&Array::of1(&KEY_STORE.into()), &"readwrite".into(), &options);
    let transaction: IdbTransaction = js::call(keys, "transaction", &arguments)
        .map_err(|error| js::storage_error("存钥匙", &error))?
        .unchecked_into();
    let transaction = idb::Transaction::from(transaction);
    let store = transaction.object_store(KEY_STORE).map_err(failed)?;
    store.add(entry, Some(&JsValue::from_str(KEY_ENTRY))).map_err(failed)?.await.map_err(failed)?;
    transaction.await.map_err(failed)?;
    Ok(())
}

async fn unwrap(entry: &JsValue) -> Result<StoreKey, StoreError> {
    let lost = |detail: String| StoreError::Locked(detail);
    let wrapping: CryptoKey =
        js::get(entry, "wrapping").dyn_into().map_err(|_| lost("钥匙的外壳不对".to_owned()))?;
    let nonce = Uint8Array::new(&js::get(entry, "nonce")).to_vec();
    let wrapped = Uint8Array::new(&js::get(entry, "wrapped")).to_vec();
    let plain =
        js::settle(subtle()?.decrypt_with_object_and_u8_array(&algorithm(&nonce), &wrapping, &wrapped))
            .await
            .map_err(|error| lost(format!("钥匙打不开：{}", js::describe(&error))))?;
    StoreKey::from_bytes(&Uint8Array::new(&plain).to_vec()).ok_or_else(|| lost("钥匙长度不对".to_owned()))
}

fn subtle() -> Result<SubtleCrypto, StoreError> {
    let crypto = js::get(&js_sys::global(), "crypto");
    js::get(&crypto, "subtle")
        .dyn_into()
        .map_err(|_| StoreError::Unsupported("安全连接下的加密功能".to_owned()))
}

fn generation() -> Object {
    let parameters = Object::new();
    js::set(&parameters, "name", &ALGORITHM.into());
    js::set(&parameters, "length", &256.into());
    parameters
}

fn algorithm(nonce: &[u8]) -> Object {
    let parameters = Object::new();
    js::set(&parameters, "name", &ALGORITHM.into());
    js::set(&parameters, "iv", &Uint8Array::from(nonce));
    parameters
}
