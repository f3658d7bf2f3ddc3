package dev.filigree.zoo.data;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Every byte of UTF-8 is a token of its own.
 *
 * <p>The end of a text is 255 (0xFF), a byte that UTF-8 never uses. So the vocabulary is exactly
 * 256, any text survives a round trip, and bits per byte is the loss in bits: no token stands for
 * more or less than one byte of text, except the one that ends a document.
 */
public final class ByteTokenizer implements Tokenizer {
  private static final int END_OF_TEXT = 0xFF;

  /** It has no options. */
  public ByteTokenizer() {}

  @Override
  public String name() {
    return "bytes";
  }

  @Override
  public String identity() {
    return "bytes-1";
  }

  @Override
  public int vocabularySize() {
    return 256;
  }

  @Override
  public int endOfText() {
    return END_OF_TEXT;
  }

  @Override
  public int[] encode(String text) {
    return widen(text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public int[] encode(byte[] utf8) {
    return widen(valid(utf8));
  }

  @Override
  public String decode(int[] tokens) {
    var bytes = new ByteArrayOutputStream(tokens.length);
    for (int token : tokens) {
      if (token != END_OF_TEXT) {
        bytes.write(token);
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static byte[] valid(byte[] utf8) {
    for (byte value : utf8) {
      if (value == (byte) END_OF_TEXT) {
        return new String(utf8, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
      }
    }
    return utf8;
  }

  private static int[] widen(byte[] bytes) {
    int[] tokens = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      tokens[i] = Byte.toUnsignedInt(bytes[i]);
    }
    return tokens;
  }
}
