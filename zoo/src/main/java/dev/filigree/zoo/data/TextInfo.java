package dev.filigree.zoo.data;

/**
 * The text behind a data set of tokens.
 *
 * @param tokens ids, those that end documents included
 * @param bytes length of the text in UTF-8
 */
public record TextInfo(Tokenizer tokenizer, long documents, long tokens, long bytes) {
  /**
   * Bytes of text that a token stands for, on average: what turns nats a token into bits a byte.
   */
  public double bytesPerToken() {
    return (double) bytes / tokens;
  }

  /** Bits per byte of text, from a mean loss in nats per token. */
  public double bitsPerByte(double loss) {
    return loss / Math.log(2) / bytesPerToken();
  }
}
