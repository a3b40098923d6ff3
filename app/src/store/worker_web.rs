//! The store actor in the browser: the dedicated worker that owns the database while it is this tab's turn.

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt;
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use super::{
    Store, StoreError, StorePhase,
    link::{Desk, FromStore, ToStore, Work},
};
use crate::{
    platform::{
        now_ms,
        web::{
            database::Database,
            js,
            leaving::Leaving,
            turn::{Asking, Turn},
        },
    },
    sync::{Effect, Transport},
};

/// How long the other tab may take to pass the store on before the user is told to close it.
const ASK_PATIENCE_MS: u32 = 3_000;
/// How long this tab goes on answering after it was asked, so that its screen can save what is being typed.
const CLOSING_GRACE_MS: u32 = 400;
/// How often to look whether a page that is being left stays after all, before the store is open.
const LEAVING_POLL_MS: u32 = 200;

/// Runs the worker's role; called by `main` when the global scope is a dedicated worker.
pub fn run_worker() {
    spawn_local(async {
        let Ok(scope) = js::worker_scope() else { return };
        let (signals, inbox) = unbounded();
        if let Err(error) = Worker::new(scope.clone(), signals, inbox).run().await {
            post(&scope, &FromStore::Phase(StorePhase::Failed(error)));
        }
    });
}

/// Everything the worker reacts to, in one queue.
enum Signal {
    Message(ToStore),
    /// Another tab wants the store.
    Asked,
    /// This tab's turn has come.
    Granted(Turn),
    /// The other tab let its time pass.
    Unanswered,
    /// The grace after [`Signal::Asked`] is over.
    Close,
    /// The browser refused the wait for the turn.
    Broken(StoreError),
    /// An exchange or an alarm of the sync.
    Work(Work),
}

struct Worker {
    scope: DedicatedWorkerGlobalScope,
    signals: UnboundedSender<Signal>,
    inbox: UnboundedReceiver<Signal>,
    leaving: Leaving,
}

impl Worker {
    fn new(
        scope: DedicatedWorkerGlobalScope,
        signals: UnboundedSender<Signal>,
        inbox: UnboundedReceiver<Signal>,
    ) -> Self {
        let sender = signals.clone();
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let message = event.data().as_string().and_then(|text| serde_json::from_str(&text).ok());
            if let Some(message) = message {
                let _ = sender.unbounded_send(Signal::Message(message));
            }
        });
        scope.set_onmessage(Some(on_message.into_js_value().unchecked_ref()));
        Self { scope, signals, inbox, leaving: Leaving::here() }
    }

    async fn run(mut self) -> Result<(), StoreError> {
        let sender = self.signals.clone();
        let asking = Asking::listen(move || drop(sender.unbounded_send(Signal::Asked)))?;
        let mut turn = Turn::take(false).await?;
        let mut phase = None;
        loop {
            let held = match turn.take() {
                Some(turn) => turn,
                None => self.wait_for_turn(&asking, phase.take()).await?,
            };
            self.say(StorePhase::Opening);
            let opened = self.open().await;
            self.leaving.ended(None);
            match opened {
                Ok((database, store)) => {
                    self.serve(store).await?;
                    database.release()?;
                    phase = Some(StorePhase::TakenOver);
                }
                Err(error) => phase = Some(StorePhase::Failed(error)),
            }
            held.pass_on();
        }
    }

    async fn open(&self) -> Result<(Database, Store), StoreError> {
        while !self.leaving.may_begin(None) {
            TimeoutFuture::new(LEAVING_POLL_MS).await;
        }
        let (database, connection) = Database::open().await?;
        Ok((database, Store::open(connection)?))
    }

    /// Waits for this tab's turn, asking for it when the user wants it. After a failure (`phase`), only the user's
    /// wish starts another try.
    async fn wait_for_turn(
        &mut self,
        asking: &Asking,
        phase: Option<StorePhase>,
    ) -> Result<Turn, StoreError> {
        let failed = matches!(phase, Some(StorePhase::Failed(_)));
        match phase {
            Some(phase) => self.say(phase),
            None => self.say_other_tab(false).await,
        }
        if !failed {
            self.queue_for_turn();
        }
        while let Some(signal) = self.inbox.next().await {
            match signal {
                Signal::Granted(turn) => return Ok(turn),
                Signal::Message(ToStore::TakeOver) if failed => self.queue_for_turn(),
                Signal::Message(ToStore::TakeOver) => {
                    asking.ask();
                    self.after(ASK_PATIENCE_MS, Signal::Unanswered);
                }
                Signal::Message(ToStore::Call { id, .. }) => {
                    self.post(&FromStore::Reply { id, outcome: Err(StoreError::OtherTab) });
                }
                Signal::Unanswered => self.say_other_tab(true).await,
                Signal::Broken(error) => return Err(error),
                // This tab has nothing to pass on, and what a lost turn had begun is over.
                Signal::Asked | Signal::Close | Signal::Work(_) | Signal::Message(ToStore::Staying) => {}
            }
        }
        Err(StoreError::Stopped("页面已关闭".to_owned()))
    }

    /// Answers requests and syncs until another tab has asked and the grace is over.
    async fn serve(&mut self, store: Store) -> Result<(), StoreError> {
        let transport = Transport::new().map_err(|error| StoreError::Stopped(error.to_string()))?;
        let (mut desk, effects) = Desk::open(store)?;
        self.say(StorePhase::Open);
        self.start(&transport, effects);
        let mut closing = false;
        // What must not begin while the page is being left.
        let mut resting = Vec::new();
        while let Some(signal) = self.inbox.next().await {
            let work = match signal {
                Signal::Message(ToStore::Call { id, request }) => Work::Call { id, request },
                Signal::Work(work) => work,
                Signal::Message(ToStore::Staying) => {
                    for work in resting.drain(..) {
                        // The queue lives as long as this worker.
                        let _ = self.signals.unbounded_send(Signal::Work(work));
                    }
                    continue;
                }
                Signal::Asked if !closing => {
                    closing = true;
                    self.say(StorePhase::Closing);
                    self.after(CLOSING_GRACE_MS, Signal::Close);
                    continue;
                }
                Signal::Close => return Ok(()),
                Signal::Message(ToStore::TakeOver)
                | Signal::Asked
                | Signal::Unanswered
                | Signal::Granted(_)
                | Signal::Broken(_) => continue,
            };
            let request = work.request();
            if !self.leaving.may_begin(request) {
                resting.push(work);
                continue;
            }
            let effects = desk.serve(work, |message| self.post(&message));
            self.leaving.ended(request);
            self.start(&transport, effects);
        }
        Ok(())
    }

    /// Starts what the sync wants; each reports back through the queue.
    fn start(&self, transport: &Transport, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send(exchange) => {
                    let (signals, transport) = (self.signals.clone(), transport.clone());
                    spawn_local(async move {
                        let asked = exchange.asked;
                        let answer = transport.send(exchange).await;
                        let _ = signals.unbounded_send(Signal::Work(Work::Answered(asked, answer)));
                    });
                }
                Effect::SendFile(exchange) => {
                    let (signals, transport) = (self.signals.clone(), transport.clone());
                    spawn_local(async move {
                        let job = exchange.job.clone();
                        let answer = transport.send_file(exchange).await;
                        let _ = signals.unbounded_send(Signal::Work(Work::FileAnswered(job, answer)));
                    });
                }
                Effect::GoOn => {
                    let _ = self.signals.unbounded_send(Signal::Work(Work::GoOn));
                }
                Effect::WakeAt { at_ms, wish } => {
                    let wait = u32::try_from(at_ms.saturating_sub(now_ms()).max(0)).unwrap_or(u32::MAX);
                    self.after(wait, Signal::Work(Work::Woke(wish)));
                }
            }
        }
    }

    fn queue_for_turn(&self) {
        let signals = self.signals.clone();
        spawn_local(async move {
            let signal = match Turn::take(true).await {
                Ok(Some(turn)) => Signal::Granted(turn),
                Ok(None) => return,
                Err(error) => Signal::Broken(error),
            };
            let _ = signals.unbounded_send(signal);
        });
    }

    fn after(&self, wait_ms: u32, signal: Signal) {
        let signals = self.signals.clone();
        spawn_local(async move {
            TimeoutFuture::new(wait_ms).await;
            let _ = signals.unbounded_send(signal);
        });
    }

    async fn say_other_tab(&self, unanswered: bool) {
        let since_ms = Turn::holder_since_ms().await;
        self.say(StorePhase::OtherTab { since_ms, unanswered });
    }

    fn say(&self, phase: StorePhase) {
        self.post(&FromStore::Phase(phase));
    }

    fn post(&self, message: &FromStore) {
        post(&self.scope, message);
    }
}

fn post(scope: &DedicatedWorkerGlobalScope, message: &FromStore) {
    if let Ok(text) = serde_json::to_string(message) {
        // Posting a string to the page never throws.
        let _ = scope.post_message(&JsValue::from_str(&text));
    }
}
