package dev.filigree.zoo.data;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Some documents as they stand in the files.
 *
 * @param tokens ids as bytes, a piece for each document
 * @param table the entries of the document table
 */
record EncodedBlock(List<byte[]> tokens, ByteBuffer table, long tokenCount, long byteCount) {
  /** Encodes documents, each followed by the id that ends a text. */
  static EncodedBlock encode(List<Document> documents, Tokenizer tokenizer, TokenType type) {
    var pieces = new ArrayList<byte[]>(documents.size());
    ByteBuffer table = ByteBuffer.allocate(documents.size() * DocumentTable.ENTRY_BYTES);
    table.order(ByteOrder.LITTLE_ENDIAN);
    long tokenCount = 0;
    long byteCount = 0;
    for (Document document : documents) {
      int[] ids = ids(document, tokenizer);
      pieces.add(store(ids, tokenizer.endOfText(), type));
      table.putInt(ids.length + 1);
      table.putInt(document.text().length);
      table.putLong(DocumentTable.hash(document.name()));
      tokenCount += ids.length + 1;
      byteCount += document.text().length;
    }
    return new EncodedBlock(pieces, table.flip(), tokenCount, byteCount);
  }

  private static int[] ids(Document document, Tokenizer tokenizer) {
    try {
      return tokenizer.encode(document.text());
    } catch (RuntimeException e) {
      throw new DataException(
          "%s: the tokenizer %s cannot split it: %s"
              .formatted(document.name(), tokenizer.name(), e.getMessage()),
          e);
    }
  }

  private static byte[] store(int[] ids, int endOfText, TokenType type) {
    byte[] bytes = new byte[Math.multiplyExact(ids.length + 1, type.bytes())];
    MemorySegment segment = MemorySegment.ofArray(bytes);
    for (int i = 0; i < ids.length; i++) {
      type.set(segment, i, ids[i]);
    }
    type.set(segment, ids.length, endOfText);
    return bytes;
  }

  int documents() {
    return tokens.size();
  }
}
