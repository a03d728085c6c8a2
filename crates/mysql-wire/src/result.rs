//! What stands around rows: descriptions of columns, ends, prepared statements.

use crate::{
    Capabilities, Collation, Column, ColumnFlags, ColumnType, DecodeError, EofPacket, PacketWriter,
    StatusFlags,
    packet::Encode,
    read::Reader,
    reply::{Agreed, ColumnCount},
    write::Put,
};

/// The first reply to PREPARE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrepareOk {
    /// The number the client names the statement by.
    pub statement: u32,
    /// How many columns its rows have.
    pub columns: u16,
    /// How many parameters it has.
    pub parameters: u16,
    /// How many warnings there are.
    pub warnings: u16,
}

impl Encode for PrepareOk {
    fn encode(&self, payload: &mut Vec<u8>) {
        payload.put_u8(0);
        payload.put_u32(self.statement);
        payload.put_u16(self.columns);
        payload.put_u16(self.parameters);
        payload.put_u8(0);
        payload.put_u16(self.warnings);
    }
}

impl PrepareOk {
    /// Reads the first reply to PREPARE, as a client.
    ///
    /// # Errors
    /// Another packet, or a field that is cut.
    pub fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(payload);
        if reader.u8("header")? != 0 {
            return Err(DecodeError::Invalid("header"));
        }
        let statement = reader.u32("statement")?;
        let columns = reader.u16("number of columns")?;
        let parameters = reader.u16("number of parameters")?;
        reader.u8("filler")?;
        // Servers before 5.0 stop here.
        let warnings = if reader.is_empty() { 0 } else { reader.u16("warnings")? };
        Ok(Self { statement, columns, parameters, warnings })
    }
}

impl PacketWriter {
    /// Appends the head of a result whose rows follow at once.
    pub fn result_head(&mut self, columns: &[Column<'_>], agreed: Agreed, status: StatusFlags) {
        self.put(&ColumnCount(columns.len()));
        self.described(columns, agreed, status);
    }

    /// Appends the head of a result whose rows are fetched from a cursor; it ends here.
    pub fn cursor_head(&mut self, columns: &[Column<'_>], agreed: Agreed, status: StatusFlags) {
        self.put(&ColumnCount(columns.len()));
        for column in columns {
            self.put(column);
        }
        let status = status | StatusFlags::CURSOR_EXISTS;
        self.end_of_rows(EofPacket { warnings: 0, status }, agreed);
    }

    /// Appends the end of rows.
    pub fn end_of_rows(&mut self, eof: EofPacket, agreed: Agreed) {
        self.put(&eof.end_of_rows(agreed));
    }

    /// Appends the whole reply to PREPARE; parameters are described as text, which says nothing of what they may be.
    pub fn prepared(
        &mut self,
        ok: PrepareOk,
        columns: &[Column<'_>],
        agreed: Agreed,
        status: StatusFlags,
    ) {
        let columns = columns.get(..usize::from(ok.columns)).unwrap_or(columns);
        self.put(&PrepareOk { columns: u16::try_from(columns.len()).unwrap_or_default(), ..ok });
        let parameter = Column {
            flags: ColumnFlags::BINARY,
            collation: Collation::BINARY,
            ..Column::named(b"?", ColumnType::VarString)
        };
        if ok.parameters > 0 {
            self.described(&vec![parameter; usize::from(ok.parameters)], agreed, status);
        }
        if !columns.is_empty() {
            self.described(columns, agreed, status);
        }
    }

    fn described(&mut self, columns: &[Column<'_>], agreed: Agreed, status: StatusFlags) {
        for column in columns {
            self.put(column);
        }
        if !agreed.contains(Capabilities::DEPRECATE_EOF) {
            self.put(&EofPacket { warnings: 0, status });
        }
    }
}
