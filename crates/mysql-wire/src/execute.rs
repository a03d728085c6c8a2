//! Statements with values: queries with attributes, executions with parameters.
//!
//! An execution leaves the types of its parameters out when they are those of the last one, so a server keeps them per statement;
//! [`Execute::parameters`] takes and updates that list.

use crate::{
    Capabilities, CursorFlags, DecodeError, NAME_BYTES_MAX, Value, ValueType, read::Reader,
    reply::Agreed, write::Put,
};

/// The most parameters of a statement, and the most attributes of a query.
pub const PARAMETERS_MAX: usize = 65_535;

/// A value with its name: an attribute of a query, or a parameter, which has none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter<'a> {
    /// The name; empty for a parameter.
    pub name: &'a [u8],
    /// The type in which it was sent.
    pub kind: ValueType,
    /// The value.
    pub value: Value<'a>,
}

impl<'a> Parameter<'a> {
    /// A parameter in the type its value fits into.
    pub const fn of(value: Value<'a>) -> Self {
        Self { name: b"", kind: ValueType::of(&value), value }
    }
}

/// A statement as text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query<'a> {
    /// The text, in the session's character set.
    pub text: &'a [u8],
    /// Named values beside it; only with [`Capabilities::QUERY_ATTRIBUTES`].
    pub attributes: Vec<Parameter<'a>>,
}

impl<'a> Query<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>, agreed: Agreed) -> Result<Self, DecodeError> {
        let mut attributes = Vec::new();
        if agreed.contains(Capabilities::QUERY_ATTRIBUTES) {
            let count = read_count(reader)?;
            if reader.lenenc_int("parameter sets")? != 1 {
                return Err(DecodeError::Invalid("parameter sets"));
            }
            if count > 0 {
                let layout = Layout { count, named: true, is_long: &|_| false };
                attributes = read_parameters(reader, &mut Vec::new(), &layout)?;
            }
        }
        Ok(Self { text: reader.rest(usize::MAX, "statement")?, attributes })
    }

    pub(crate) fn encode(&self, payload: &mut Vec<u8>, agreed: Agreed) {
        if agreed.contains(Capabilities::QUERY_ATTRIBUTES) {
            payload.put_lenenc_int(self.attributes.len() as u64);
            payload.put_lenenc_int(1);
            if !self.attributes.is_empty() {
                put_parameters(payload, &self.attributes, true);
            }
        }
        payload.put_bytes(self.text);
    }
}

/// A piece of a long parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongData<'a> {
    /// The statement.
    pub statement: u32,
    /// The parameter, counted from zero.
    pub parameter: u16,
    /// The piece.
    pub data: &'a [u8],
}

/// An execution of a prepared statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Execute<'a> {
    /// The statement.
    pub statement: u32,
    /// Whether a cursor is to be opened.
    pub flags: CursorFlags,
    /// The parameters as they were sent; reading them needs the statement.
    pub body: &'a [u8],
}

impl<'a> Execute<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let statement = reader.u32("statement")?;
        let flags = CursorFlags::from_bits(reader.u8("cursor")?);
        if reader.u32("iterations")? != 1 {
            return Err(DecodeError::Invalid("iterations"));
        }
        Ok(Self { statement, flags, body: reader.rest(usize::MAX, "parameters")? })
    }

    pub(crate) fn encode(&self, payload: &mut Vec<u8>) {
        payload.put_u32(self.statement);
        payload.put_u8(self.flags.bits());
        payload.put_u32(1);
        payload.put_bytes(self.body);
    }

    /// Reads the parameters of a statement that has `count` of them. `types` are those of the execution before, empty at the
    /// first one, and become those of this one; `is_long` says for which parameters pieces were sent. Attributes, which have names,
    /// come behind the parameters.
    ///
    /// # Errors
    /// A number of parameters or types that is not the statement's, a type that is not known, or a value that is cut.
    pub fn parameters(
        &self,
        count: u16,
        types: &mut Vec<ValueType>,
        agreed: Agreed,
        is_long: &dyn Fn(usize) -> bool,
    ) -> Result<Vec<Parameter<'a>>, DecodeError> {
        let expected = usize::from(count);
        let named = agreed.contains(Capabilities::QUERY_ATTRIBUTES);
        let counted = named && self.flags.contains(CursorFlags::PARAMETER_COUNT_AVAILABLE);
        if expected == 0 && !counted {
            return Ok(Vec::new());
        }
        let mut reader = Reader::new(self.body);
        let count =
            if named && (counted || expected > 0) { read_count(&mut reader)? } else { expected };
        if count < expected {
            return Err(DecodeError::Invalid("number of parameters"));
        }
        if count == 0 {
            return Ok(Vec::new());
        }
        let is_long = |at| at < expected && is_long(at);
        let layout = Layout { count, named, is_long: &is_long };
        let parameters = read_parameters(&mut reader, types, &layout)?;
        reader.end("parameters")?;
        Ok(parameters)
    }

    /// The body of an execution with these parameters.
    pub fn body_of(parameters: &[Parameter<'_>], agreed: Agreed) -> Vec<u8> {
        let mut body = Vec::new();
        let named = agreed.contains(Capabilities::QUERY_ATTRIBUTES);
        if named && !parameters.is_empty() {
            body.put_lenenc_int(parameters.len() as u64);
        }
        if !parameters.is_empty() {
            put_parameters(&mut body, parameters, named);
        }
        body
    }
}

fn read_count(reader: &mut Reader<'_>) -> Result<usize, DecodeError> {
    let what = "number of parameters";
    let count = reader.lenenc_int(what)?;
    usize::try_from(count)
        .ok()
        .filter(|count| *count <= PARAMETERS_MAX)
        .ok_or(DecodeError::TooLong { what, max: PARAMETERS_MAX })
}

struct Layout<'l> {
    count: usize,
    named: bool,
    is_long: &'l dyn Fn(usize) -> bool,
}

fn read_parameters<'a>(
    reader: &mut Reader<'a>,
    types: &mut Vec<ValueType>,
    layout: &Layout<'_>,
) -> Result<Vec<Parameter<'a>>, DecodeError> {
    let nulls = reader.bytes(layout.count.div_ceil(8), "NULL bitmap")?;
    let mut names: Vec<&[u8]> = Vec::new();
    if reader.u8("flag of new types")? != 0 {
        // Nothing is reserved for a number that is only announced: each type costs the sender two bytes.
        let mut new = Vec::new();
        for _ in 0..layout.count {
            new.push(ValueType::read(reader)?);
            if layout.named {
                names.push(reader.lenenc_bytes_max(NAME_BYTES_MAX, "parameter name")?);
            }
        }
        *types = new;
    }
    if types.len() != layout.count {
        return Err(DecodeError::Invalid("number of parameter types"));
    }
    let mut parameters = Vec::with_capacity(types.len());
    for (at, kind) in types.iter().enumerate() {
        let null = nulls.get(at / 8).is_some_and(|byte| byte & (1 << (at % 8)) != 0);
        let value = if null {
            Value::Null
        } else if (layout.is_long)(at) {
            Value::LongData
        } else {
            Value::read(reader, *kind)?
        };
        let name = names.get(at).copied().unwrap_or_default();
        parameters.push(Parameter { name, kind: *kind, value });
    }
    Ok(parameters)
}

fn put_parameters(payload: &mut Vec<u8>, parameters: &[Parameter<'_>], named: bool) {
    for eight in parameters.chunks(8) {
        let bit = |(at, parameter): (usize, &Parameter<'_>)| {
            u8::from(parameter.value == Value::Null) << at
        };
        payload.put_u8(eight.iter().enumerate().map(bit).fold(0, |byte, bit| byte | bit));
    }
    payload.put_u8(1);
    for parameter in parameters {
        parameter.kind.encode(payload);
        if named {
            payload.put_lenenc_bytes(parameter.name);
        }
    }
    for parameter in parameters {
        parameter.value.encode(payload, parameter.kind);
    }
}

#[cfg(test)]
mod tests;
