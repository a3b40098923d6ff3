//! Breaking good input: most of it stays good, so that what is broken is met deep inside.

use bolero::TypeGenerator;
use serde_json::Value;

/// One change of bytes. Places wrap around, so that every number is one.
#[derive(Debug, Clone, TypeGenerator)]
pub enum Bytes {
    Flip { at: u32, bit: u8 },
    Set { at: u32, to: u8 },
    Cut { at: u32, bytes: u16 },
    Repeat { at: u32, bytes: u8, times: u8 },
    Insert { at: u32, token: u8 },
    Move { from: u32, to: u32, bytes: u16 },
}

/// What breaks readers of JSON, XML, CSV and of numbers.
const TOKENS: [&str; 28] = [
    "\"",
    "'",
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "&#0;",
    "-1",
    "0",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "1e309",
    "NaN",
    "null",
    "\\ud800",
    "\u{feff}",
    "\u{0}",
    "𠮷",
    "A1:XFD1048576",
    "=1+1",
];

/// Does all changes, one after another.
pub fn bytes(mut input: Vec<u8>, changes: &[Bytes]) -> Vec<u8> {
    for change in changes {
        let place = |at: u32| at as usize % (input.len() + 1);
        let part = |at: u32, bytes: usize| place(at)..(place(at) + bytes).min(input.len());
        match *change {
            Bytes::Flip { at, bit } => {
                let at = place(at);
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << (bit % 8);
                }
            }
            Bytes::Set { at, to } => {
                let at = place(at);
                if let Some(byte) = input.get_mut(at) {
                    *byte = to;
                }
            }
            Bytes::Cut { at, bytes } => drop(input.drain(part(at, bytes.into()))),
            Bytes::Repeat { at, bytes, times } => {
                let (at, copy) = (place(at), input[part(at, bytes.into())].repeat(times.into()));
                drop(input.splice(at..at, copy));
            }
            Bytes::Insert { at, token } => {
                let (at, token) = (place(at), TOKENS[usize::from(token) % TOKENS.len()]);
                drop(input.splice(at..at, token.bytes()));
            }
            Bytes::Move { from, to, bytes } => {
                let (to, copy) = (place(to), input[part(from, bytes.into())].to_vec());
                drop(input.splice(to..to, copy));
            }
        }
    }
    input
}

/// One change of a JSON tree, at a node counted from its root.
#[derive(Debug, Clone, TypeGenerator)]
pub enum Tree {
    Replace { node: u16, by: Leaf },
    Take { node: u16, from: u16 },
    Double { node: u16 },
    Shorten { node: u16 },
    Rename { node: u16, to: u8 },
}

/// A value to put into a tree.
#[derive(Debug, Clone, TypeGenerator)]
pub enum Leaf {
    Null,
    Bool(bool),
    Int(i64),
    Small(u8),
    Edge(u8),
    Float(f64),
    Token(u8),
    Empty(bool),
}

impl Leaf {
    fn value(&self) -> Value {
        const EDGES: [i64; 8] =
            [i64::MAX, i64::MIN, -1, 1 << 48, (1 << 48) - 1, 1 << 53, u32::MAX as i64, 1 << 16];
        match self {
            Leaf::Null => Value::Null,
            Leaf::Bool(bool) => (*bool).into(),
            Leaf::Int(int) => (*int).into(),
            Leaf::Small(int) => (*int).into(),
            Leaf::Edge(edge) => EDGES[usize::from(*edge) % EDGES.len()].into(),
            Leaf::Float(float) => (*float).into(),
            Leaf::Token(token) => TOKENS[usize::from(*token) % TOKENS.len()].into(),
            Leaf::Empty(true) => Value::Array(Vec::new()),
            Leaf::Empty(false) => Value::Object(serde_json::Map::new()),
        }
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// The `n`th node, counted down.
fn node<'v>(value: &'v mut Value, n: &mut usize) -> Option<&'v mut Value> {
    if *n == 0 {
        return Some(value);
    }
    *n -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| node(item, n)),
        Value::Object(fields) => fields.values_mut().find_map(|item| node(item, n)),
        _ => None,
    }
}

/// Does all changes, one after another.
pub fn tree(mut root: Value, changes: &[Tree]) -> Value {
    for change in changes {
        let nodes = count(&root);
        let mut at = |n: u16| node(&mut root, &mut (usize::from(n) % nodes)).map(std::mem::take);
        let (n, new) = match change {
            Tree::Replace { node, by } => (*node, by.value()),
            Tree::Take { node, from } => {
                let taken = at(*from).unwrap_or_default();
                // What was taken is put back as well.
                if let Some(place) = node_at(&mut root, *from, nodes) {
                    *place = taken.clone();
                }
                (*node, taken)
            }
            Tree::Double { node } | Tree::Shorten { node } | Tree::Rename { node, .. } => {
                let Some(mut value) = at(*node) else { continue };
                reshape(&mut value, change);
                (*node, value)
            }
        };
        if let Some(place) = node_at(&mut root, n, nodes) {
            *place = new;
        }
    }
    root
}

fn node_at(root: &mut Value, n: u16, nodes: usize) -> Option<&mut Value> {
    node(root, &mut (usize::from(n) % nodes))
}

fn reshape(value: &mut Value, change: &Tree) {
    match (change, value) {
        (Tree::Double { .. }, Value::Array(items)) => items.extend(items.last().cloned()),
        (Tree::Shorten { .. }, Value::Array(items)) => drop(items.pop()),
        (Tree::Shorten { .. }, Value::Object(fields)) => {
            let last = fields.keys().next_back().cloned();
            last.map(|name| fields.remove(&name));
        }
        (Tree::Rename { to, .. }, Value::Object(fields)) => {
            let last = fields.keys().next_back().cloned();
            if let Some(value) = last.and_then(|name| fields.remove(&name)) {
                fields.insert(to.to_string(), value);
            }
        }
        _ => {}
    }
}
