package dev.filigree.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataPreparationTest {
  @TempDir Path folder;

  private static List<String> texts(int count) {
    return IntStream.range(0, count).mapToObj(i -> "text " + i + " " + "x".repeat(i)).toList();
  }

  private static DataPreparation preparation(List<String> texts) {
    return new DataPreparation(TestData.source(texts), new ByteTokenizer());
  }

  @Test
  void tokensAreTheDocumentsEachWithItsEnd() throws Exception {
    TokenStore store = preparation(List.of("ab", "", "c")).into(folder).store();
    assertThat(Files.readAllBytes(folder.resolve("tokens-00000.bin")))
        .containsExactly('a', 'b', 0xFF, 0xFF, 'c', 0xFF);
    assertThat(store.documents()).isEqualTo(3);
    assertThat(store.tokens()).isEqualTo(6);
    assertThat(store.bytes()).isEqualTo(3);
    assertThat(store.table().starts()).containsExactly(0, 3, 4, 6);
  }

  @Test
  void wideTokensAreLittleEndian() throws Exception {
    new DataPreparation(TestData.source(List.of("Hello")), new Gpt2Tokenizer()).into(folder);
    // 15496 = 0x3C88, 50256 = 0xC450
    assertThat(Files.readAllBytes(folder.resolve("tokens-00000.bin")))
        .containsExactly(0x88, 0x3C, 0x50, 0xC4);
  }

  @Test
  void theSecondTimeNothingIsRead() throws Exception {
    var first = preparation(texts(5)).inCache(folder);
    assertThat(first.prepared()).isEqualTo(5);
    var second = preparation(texts(5)).inCache(folder);
    assertThat(second.prepared()).isZero();
    assertThat(second.store().folder()).isEqualTo(first.store().folder());
  }

  @Test
  void otherDocumentsOrAnotherTokenizerGetAFolderOfTheirOwn() throws Exception {
    Path first = preparation(texts(5)).inCache(folder).store().folder();
    Path more = preparation(texts(6)).inCache(folder).store().folder();
    Path gpt2 =
        new DataPreparation(TestData.source(texts(5)), new Gpt2Tokenizer())
            .inCache(folder)
            .store()
            .folder();
    assertThat(List.of(first, more, gpt2)).doesNotHaveDuplicates();
  }

  @Test
  void aFolderOfOtherTokensIsNotOverwritten() throws Exception {
    preparation(texts(5)).into(folder);
    assertThatThrownBy(() -> preparation(texts(6)).into(folder))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("holds other tokens");
  }

  @Test
  void filesAreTheSameWhateverTheNumberOfThreads() throws Exception {
    var big = new ArrayList<String>();
    for (int i = 0; i < 30; i++) {
      big.add(("line " + i + "\n").repeat(20_000));
    }
    preparation(big).threads(1).shardBytes(1 << 20).into(folder.resolve("one"));
    preparation(big).threads(4).shardBytes(1 << 20).into(folder.resolve("four"));
    TokenManifest one = TokenManifest.read(folder.resolve("one"));
    assertThat(one.shards()).hasSizeGreaterThan(1);
    assertThat(TokenManifest.read(folder.resolve("four"))).isEqualTo(one);
  }

  /** Fails after some documents, as a killed process would. */
  private record Failing(DocumentSource source, int after) implements DocumentSource {
    @Override
    public String description() {
      return source.description();
    }

    @Override
    public String fingerprint() throws IOException {
      return source.fingerprint();
    }

    @Override
    public void read(Sink sink) throws IOException {
      int[] count = {0};
      source.read(
          document -> {
            if (count[0]++ == after) {
              throw new IOException("killed");
            }
            return sink.accept(document);
          });
    }
  }

  @Test
  void aPreparationThatWasKilledGoesOnAtItsLastShard() throws Exception {
    List<String> big = IntStream.range(0, 20).mapToObj(i -> (i + " ").repeat(500_000)).toList();
    var failing = new Failing(TestData.source(big), 17);
    Path broken = folder.resolve("broken");
    assertThatThrownBy(
            () ->
                new DataPreparation(failing, new ByteTokenizer())
                    .threads(2)
                    .shardBytes(3 << 20)
                    .into(broken))
        .hasMessage("killed");
    assertThatThrownBy(() -> TokenStore.open(broken))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("did not finish");

    var result = preparation(big).shardBytes(3 << 20).into(broken);
    assertThat(result.prepared()).isBetween(1L, 19L);
    preparation(big).shardBytes(3 << 20).into(folder.resolve("whole"));
    assertThat(TokenManifest.read(broken)).isEqualTo(TokenManifest.read(folder.resolve("whole")));
    result.store().verify();
  }

  @Test
  void twoPreparationsOfOneFolderDoTheWorkOnce() throws Exception {
    var jobs =
        IntStream.range(0, 4)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () -> {
                          try {
                            return preparation(texts(50)).into(folder).prepared();
                          } catch (IOException e) {
                            throw new AssertionError(e);
                          }
                        }))
            .toList();
    assertThat(jobs.stream().mapToLong(CompletableFuture::join).sum()).isEqualTo(50);
  }

  @Test
  void aChangedByteIsFoundByVerify() throws Exception {
    preparation(texts(5)).into(folder).store().verify();
    Path file = folder.resolve("tokens-00000.bin");
    byte[] content = Files.readAllBytes(file);
    content[3] ^= 1;
    Files.write(file, content);
    TokenStore store = TokenStore.open(folder);
    assertThatThrownBy(store::verify)
        .isInstanceOf(DataException.class)
        .hasMessageContaining("tokens-00000.bin: damaged");
  }

  @Test
  void aMissingOrShortFileIsFoundWhenOpening() throws Exception {
    preparation(texts(5)).into(folder);
    Path file = folder.resolve("tokens-00000.bin");
    Files.write(file, new byte[] {1, 2, 3});
    assertThatThrownBy(() -> TokenStore.open(folder)).hasMessageContaining("has 3 bytes instead");
    Files.delete(file);
    assertThatThrownBy(() -> TokenStore.open(folder)).hasMessageContaining("missing");
  }

  @Test
  void aManifestThatIsNoneIsNamed() throws Exception {
    for (String content : List.of("", "{]", "[]", "{}", "null", "{\"version\": 1}")) {
      Files.write(folder.resolve(TokenManifest.FILE), content.getBytes(StandardCharsets.UTF_8));
      assertThatThrownBy(() -> TokenStore.open(folder))
          .as("manifest '%s'", content)
          .isInstanceOf(DataException.class)
          .hasMessageContaining("manifest.json");
    }
  }

  @Test
  void anEmptySourceIsAnError() {
    assertThatThrownBy(() -> preparation(List.of()).into(folder))
        .isInstanceOf(DataException.class)
        .hasMessage("0 texts: holds no document");
  }
}
