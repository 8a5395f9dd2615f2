//! `Blob`: what one says of its content. The content itself is the host's: [`crate::host_call`].

use super::Answer;
use crate::blobs::Blob;
use crate::value::Value;

fn blob(args: &[Value]) -> &Blob {
    match &args[0] {
        Value::Blob(blob) => blob,
        other => panic!("{other:?} is no blob"),
    }
}

pub(super) fn op_size(args: &[Value]) -> Answer {
    Ok(Value::Int(blob(args).size))
}

pub(super) fn op_media_type(args: &[Value]) -> Answer {
    Ok(Value::Text(blob(args).media_type.clone()))
}

pub(super) fn op_hash(args: &[Value]) -> Answer {
    Ok(Value::Text(blob(args).hash.to_string()))
}
