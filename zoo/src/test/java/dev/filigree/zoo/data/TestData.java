package dev.filigree.zoo.data;

import dev.filigree.torch.Tensors;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** What several tests of the data pipeline need. */
final class TestData {
  private TestData() {}

  static Document document(String name, String text) {
    return new Document(name, text.getBytes(StandardCharsets.UTF_8));
  }

  /** A source in memory, named "doc0", "doc1", ... */
  static DocumentSource source(List<String> texts) {
    return new DocumentSource() {
      @Override
      public String description() {
        return texts.size() + " texts";
      }

      @Override
      public String fingerprint() {
        return String.join("\0", texts);
      }

      @Override
      public void read(Sink sink) throws IOException {
        for (int i = 0; i < texts.size(); i++) {
          if (!sink.accept(document("doc" + i, texts.get(i)))) {
            return;
          }
        }
      }
    };
  }

  static TokenStore store(Path folder, List<String> texts) throws IOException {
    return new DataPreparation(source(texts), new ByteTokenizer()).into(folder).store();
  }

  static List<Document> read(DocumentSource source) throws IOException {
    var documents = new ArrayList<Document>();
    source.read(documents::add);
    return documents;
  }

  static List<String> names(DocumentSource source) throws IOException {
    return read(source).stream().map(Document::name).toList();
  }

  static String text(Document document) {
    return new String(document.text(), StandardCharsets.UTF_8);
  }

  static long[] longs(Tensor tensor) {
    return Tensors.segment(tensor).toArray(ValueLayout.JAVA_LONG);
  }

  static float[] floats(Tensor tensor) {
    return Tensors.segment(tensor).toArray(ValueLayout.JAVA_FLOAT);
  }

  static Path resource(String name) {
    try {
      var url = TestData.class.getResource(name);
      if (url == null) {
        throw new AssertionError("missing test resource " + name);
      }
      return Path.of(url.toURI());
    } catch (java.net.URISyntaxException e) {
      throw new AssertionError(e);
    }
  }
}
