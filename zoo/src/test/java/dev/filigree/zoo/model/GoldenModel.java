package dev.filigree.zoo.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.data.Batch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A tiny network written by Hugging Face's transformers, and what that library computes with it.
 * The folder is that of {@code -Dfiligree.golden}, or the one among the test resources.
 */
record GoldenModel(Path folder, LanguageModel model, JsonNode expected, List<String> notes) {
  static GoldenModel read(String name) {
    Path folder = Path.of(System.getProperty("filigree.golden", "src/test/resources/golden"));
    Path model = folder.resolve("hf").resolve(name);
    var notes = new ArrayList<String>();
    try {
      return new GoldenModel(
          model,
          (LanguageModel) HuggingFaceFolder.read(model, notes),
          new ObjectMapper().readTree(model.resolve("expected.json").toFile()),
          notes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Map<String, Tensor> parameters() {
    return Tensors.namedParameters(model);
  }

  Tensor tokens() {
    JsonNode rows = expected.get("input_ids");
    var ids = new ArrayList<Long>();
    rows.forEach(row -> row.forEach(id -> ids.add(id.asLong())));
    return torch
        .tensor(ids.stream().mapToLong(Long::longValue).toArray())
        .reshape(rows.size(), -1)
        .retainReference();
  }

  /** Each token predicts the next one of its row. */
  Batch batch() {
    Tensor tokens = tokens();
    long length = tokens.size(1);
    return new Batch(tokens.narrow(1, 0, length - 1), tokens.narrow(1, 1, length - 1), null);
  }
}
