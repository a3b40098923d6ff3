//! `/v1/files`: uploads by tus 1.0.0, and files for devices of their village. What it promises stands in
//! [`crate::files`].

mod headers;
mod receive;
mod turns;

pub(super) use turns::Turns;

use super::{
    ApiError, AppState,
    api::{Active, blocking},
};
use crate::{
    clock::now_ms,
    files::{
        FileError, FileHash, StoredFile, Upload, begin, find, open_file, open_thumbnail, original_bytes_max,
        settle, terminate,
    },
    service::Caller,
};
use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{get, head, post},
};
use headers::{
    CHECKSUM_ALGORITHMS, EXTENSIONS, MAX_SIZE, METHOD_OVERRIDE, RESUMABLE, TUS_CHECKSUM_ALGORITHM,
    TUS_EXTENSION, TUS_VERSION, UPLOAD_LENGTH, UPLOAD_OFFSET, VERSION, checksum_of, is_upload_body,
    new_upload_of, number_of,
};
use receive::{Start, drained, receive};

pub(super) fn router() -> Router<AppState> {
    let uploads = Router::new()
        .route("/v1/files", post(create).options(capabilities))
        .route("/v1/files/{id}", head(tell).patch(append).delete(end).post(overridden).options(capabilities))
        .layer(from_fn(speak_tus));
    let files = Router::new()
        .route("/v1/files/{village}/{hash}", get(file))
        .route("/v1/files/{village}/{hash}/thumb", get(thumbnail));
    Router::new().merge(uploads).merge(files)
}

/// Requests of another version are refused; every answer names ours and is kept by nobody.
async fn speak_tus(request: Request, next: Next) -> Response {
    let ours = request.headers().get(RESUMABLE).is_some_and(|version| version == VERSION);
    let mut response = if ours || request.method() == Method::OPTIONS {
        next.run(request).await
    } else {
        let refusal = ApiError::from(FileError::Malformed("Tus-Resumable"));
        (StatusCode::PRECONDITION_FAILED, [(TUS_VERSION, VERSION)], Json(refusal.body)).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(RESUMABLE, HeaderValue::from_static(VERSION));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// `OPTIONS`: what this server can.
async fn capabilities(_: Active) -> Response {
    let headers = [
        (TUS_VERSION, HeaderValue::from_static(VERSION)),
        (TUS_EXTENSION, HeaderValue::from_static(EXTENSIONS)),
        (TUS_CHECKSUM_ALGORITHM, HeaderValue::from_static(CHECKSUM_ALGORITHMS)),
        (MAX_SIZE, HeaderValue::from(original_bytes_max)),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// `POST /v1/files`: an upload begins, with or without its first bytes.
async fn create(
    State(state): State<AppState>,
    Active(caller): Active,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let with_bytes = is_upload_body(&headers);
    let begun = async {
        let new = new_upload_of(&headers)?;
        let check = checksum_of(&headers)?;
        let storage = state.storage.clone();
        let upload = blocking(move || Ok(begin(&storage, &caller, new, now_ms())?)).await?;
        Ok::<_, ApiError>((upload, check))
    };
    let (upload, check) = match begun.await {
        Ok(begun) => begun,
        Err(refused) => return drained(body, Err(refused)).await,
    };
    let location = format!("/v1/files/{}", upload.id);
    let offset = if with_bytes && !upload.done {
        let turn = state.turns.take(&upload.id).await;
        receive(&state, upload, turn, Start::Anew, body, check).await?
    } else {
        // Bytes of a file that the village has already are not looked at.
        drained(body, settled(&state, upload).await).await?.1
    };
    let answer = [(header::LOCATION.as_str(), location), (UPLOAD_OFFSET, offset.to_string())];
    Ok((StatusCode::CREATED, answer).into_response())
}

/// Waits for its turn at an upload and makes all of it that has arrived durable.
async fn settled(state: &AppState, upload: Upload) -> Result<(Upload, u64), ApiError> {
    let turn = state.turns.take(&upload.id).await;
    let storage = state.storage.clone();
    blocking(move || {
        let offset = settle(&storage, &upload, now_ms())?;
        drop(turn);
        Ok((upload, offset))
    })
    .await
}

async fn found(state: &AppState, caller: Caller, id: String) -> Result<Upload, ApiError> {
    let storage = state.storage.clone();
    blocking(move || Ok(find(&storage, &caller, &id)?)).await
}

/// `HEAD /v1/files/{id}`: how far it is.
async fn tell(
    State(state): State<AppState>,
    Active(caller): Active,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let upload = found(&state, caller, id).await?;
    let (upload, offset) = settled(&state, upload).await?;
    let answer = [(UPLOAD_OFFSET, offset.to_string()), (UPLOAD_LENGTH, upload.bytes.to_string())];
    Ok((StatusCode::OK, answer).into_response())
}

/// `PATCH /v1/files/{id}`: further bytes.
async fn append(
    State(state): State<AppState>,
    Active(caller): Active,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let ready = async {
        if !is_upload_body(&headers) {
            return Err(FileError::Malformed("Content-Type").into());
        }
        let at = number_of(&headers, UPLOAD_OFFSET)?;
        let check = checksum_of(&headers)?;
        // The turn comes first: what is read of the upload then still holds when bytes are added.
        let turn = state.turns.take(&id).await;
        let upload = found(&state, caller, id).await?;
        Ok::<_, ApiError>((upload, turn, at, check))
    };
    let (upload, turn, at, check) = match ready.await {
        Ok(ready) => ready,
        Err(refused) => return drained(body, Err(refused)).await,
    };
    let offset = receive(&state, upload, turn, Start::At(at), body, check).await?;
    Ok((StatusCode::NO_CONTENT, [(UPLOAD_OFFSET, offset.to_string())]).into_response())
}

/// `DELETE /v1/files/{id}`: given up.
async fn end(
    State(state): State<AppState>,
    Active(caller): Active,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let upload = found(&state, caller, id).await?;
    let turn = state.turns.take(&upload.id).await;
    let storage = state.storage.clone();
    blocking(move || {
        terminate(&storage, &upload)?;
        drop(turn);
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// `POST /v1/files/{id}` stands for another method where a proxy lets none but GET and POST pass.
async fn overridden(
    state: State<AppState>,
    Active(caller): Active,
    path: Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    match headers.get(METHOD_OVERRIDE).map(HeaderValue::as_bytes) {
        Some(b"PATCH") => append(state, Active(caller), path, headers, body).await,
        Some(b"DELETE") => end(state, Active(caller), path).await.map(IntoResponse::into_response),
        _ => Err(FileError::Malformed("X-HTTP-Method-Override").into()),
    }
}

/// `GET /v1/files/{village}/{hash}`
async fn file(
    State(state): State<AppState>,
    Active(caller): Active,
    Path(named): Path<(String, String)>,
) -> Result<StoredFile, ApiError> {
    let (village, hash) = in_scope(&caller, named)?;
    blocking(move || Ok(open_file(&state.storage, &village, &hash)?)).await
}

/// `GET /v1/files/{village}/{hash}/thumb`
async fn thumbnail(
    State(state): State<AppState>,
    Active(caller): Active,
    Path(named): Path<(String, String)>,
) -> Result<StoredFile, ApiError> {
    let (village, original) = in_scope(&caller, named)?;
    blocking(move || Ok(open_thumbnail(&state.storage, &village, &original)?)).await
}

/// The village is judged before the hash: outside the caller's villages every hash gets the same answer.
fn in_scope(caller: &Caller, (village, hash): (String, String)) -> Result<(String, FileHash), FileError> {
    if !caller.villages.contains(&village) {
        return Err(FileError::OtherVillage);
    }
    let hash = FileHash::parse(&hash).ok_or(FileError::NoSuchFile)?;
    Ok((village, hash))
}
