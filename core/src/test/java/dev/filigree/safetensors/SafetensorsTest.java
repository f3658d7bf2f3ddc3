package dev.filigree.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SafetensorsTest {
  @TempDir private Path folder;
  private final PointerScope scope = new PointerScope();

  @AfterEach
  void free() {
    scope.close();
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void everyElementTypeComesBackAsItWas(ElementType type) {
    Tensor values = torch.tensor(0, 1, 1, 0, 1, 1).reshape(2, 3).to(type.scalarType());
    Path file = folder.resolve("a.safetensors");
    SafetensorsWriter.write(file, List.of(TensorSource.of("a", values)), Map.of());

    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
      assertThat(opened.entries().get("a"))
          .isEqualTo(new TensorEntry("a", type, List.of(2L, 3L), 0, 6L * type.bytes()));
      Tensor read = opened.read("a");
      assertThat(read.to(ScalarType.Double).equal(values.to(ScalarType.Double))).isTrue();
    }
  }

  @Test
  void emptyTensorsScalarsAndMetadataComeBack() {
    Path file = folder.resolve("a.safetensors");
    SafetensorsWriter.write(
        file,
        List.of(
            TensorSource.of("empty", torch.zeros(0, 4)),
            TensorSource.of("scalar", torch.full(new long[0], new Scalar(2.5)))),
        Map.of("format", "pt", "note", "\"quoted\" ü"));

    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
      assertThat(opened.metadata()).isEqualTo(Map.of("format", "pt", "note", "\"quoted\" ü"));
      assertThat(opened.read("empty").numel()).isZero();
      assertThat(opened.read("scalar").item_double()).isEqualTo(2.5);
    }
  }

  @Test
  void tensorsThatAreNotContiguousAreWrittenInOrder() {
    Tensor transposed = torch.tensor(1, 2, 3, 4, 5, 6).reshape(2, 3).t();
    Path file = folder.resolve("a.safetensors");
    SafetensorsWriter.write(file, List.of(TensorSource.of("a", transposed)), Map.of());

    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
      assertThat(opened.read("a").equal(transposed)).isTrue();
    }
  }

  @Test
  void theSameTensorsGiveTheSameBytesWhateverTheirOrder() throws IOException {
    var a = TensorSource.of("a", torch.ones(3));
    var b = TensorSource.of("b", torch.zeros(2).to(ScalarType.Byte));
    var c = TensorSource.of("c", torch.zeros(2).to(ScalarType.Long));
    Path first = folder.resolve("first.safetensors");
    Path second = folder.resolve("second.safetensors");
    SafetensorsWriter.write(first, List.of(a, b, c), Map.of());
    SafetensorsWriter.write(second, List.of(c, b, a), Map.of());

    assertThat(first).hasSameBinaryContentAs(second);
    assertThat(Files.size(first) % 2).isZero();
    try (SafetensorsFile opened = SafetensorsFile.open(first)) {
      assertThat(opened.entries().keySet()).containsExactly("c", "a", "b");
    }
  }

  @Test
  void aSourceThatGivesAnotherShapeLeavesNoFile() {
    Path file = folder.resolve("a.safetensors");
    var source = new TensorSource("a", ElementType.F32, List.of(3L), () -> torch.ones(4));

    assertThatThrownBy(() -> SafetensorsWriter.write(file, List.of(source), Map.of()))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining("tensor 'a' is F32 of shape [4], F32 of shape [3] was announced");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aNameGivenTwiceIsRefused() {
    var source = TensorSource.of("a", torch.ones(4));

    assertThatThrownBy(
            () ->
                SafetensorsWriter.write(
                    folder.resolve("a.safetensors"), List.of(source, source), Map.of()))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining("'a' a second time");
  }

  @Test
  void readingIntoATensorOfAnotherShapeIsRefused() {
    Path file = folder.resolve("a.safetensors");
    SafetensorsWriter.write(file, List.of(TensorSource.of("a", torch.ones(4))), Map.of());

    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
      assertThatThrownBy(() -> opened.readInto("a", torch.ones(5)))
          .isInstanceOf(SafetensorsException.class)
          .hasMessageContaining("'a' is F32 of shape [4], expected F32 of shape [5]");
      assertThatThrownBy(() -> opened.read("b")).hasMessageContaining("has no tensor 'b'");
    }
  }
}
