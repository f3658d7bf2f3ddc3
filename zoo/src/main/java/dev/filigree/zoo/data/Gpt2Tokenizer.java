package dev.filigree.zoo.data;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;

/** GPT-2's byte pair encoding, 50257 ids (Radford et al. 2019); also that of GPT-3. */
public final class Gpt2Tokenizer implements Tokenizer {
  private static final int END_OF_TEXT = 50256;

  private final Encoding encoding =
      Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.R50K_BASE);

  /** Reads the vocabulary at its first use. */
  public Gpt2Tokenizer() {}

  @Override
  public String name() {
    return "gpt2";
  }

  @Override
  public String identity() {
    return "gpt2-r50k_base";
  }

  @Override
  public int vocabularySize() {
    return END_OF_TEXT + 1;
  }

  @Override
  public int endOfText() {
    return END_OF_TEXT;
  }

  @Override
  public int[] encode(String text) {
    return encoding.encodeOrdinary(text).toArray();
  }

  @Override
  public String decode(int[] tokens) {
    var list = new IntArrayList(tokens.length);
    for (int token : tokens) {
      if (token != END_OF_TEXT) {
        list.add(token);
      }
    }
    return encoding.decode(list);
  }
}
