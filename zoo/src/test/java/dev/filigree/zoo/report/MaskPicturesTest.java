package dev.filigree.zoo.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MaskPicturesTest {
  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({"1,1", "1,9", "9,1", "7,8", "8,7", "5,17", "64,64"})
  void aSavedMaskIsReadBackWeightForWeight(int rows, int columns) throws IOException {
    var random = new Random(rows * 100L + columns);
    var kept = new boolean[rows * columns];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = random.nextBoolean();
    }
    MaskPictures.save(directory, "a.weight", 12, SyntheticMasks.tensor(kept, rows, columns));

    List<MaskPictures.Saved> saved = MaskPictures.saved(directory, "a.weight");
    assertThat(saved).extracting(MaskPictures.Saved::step).containsExactly(12L);
    MaskBitmap read = MaskBitmap.read(saved.getFirst().file());
    assertThat(read.rows()).isEqualTo(rows);
    assertThat(read.columns()).isEqualTo(columns);
    for (int i = 0; i < kept.length; i++) {
      assertThat(read.get(i / columns, i % columns)).as("weight %d", i).isEqualTo(kept[i]);
    }
  }

  @Test
  void savedMasksAreInTheOrderOfTheirSteps() throws IOException {
    for (long step : new long[] {2_000_000, 0, 30}) {
      MaskPictures.save(
          directory, "a", step, SyntheticMasks.tensor(new boolean[] {true, false}, 1, 2));
    }
    assertThat(MaskPictures.saved(directory, "a"))
        .extracting(MaskPictures.Saved::step)
        .containsExactly(0L, 30L, 2_000_000L);
  }

  @Test
  void onlyBoolTensorsAreMasks() {
    assertThatThrownBy(() -> MaskPictures.save(directory, "a", 0, torch.ones(2, 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("bool");
  }

  @Test
  void theFirstTheMiddleAndTheLastParameterAreChosen() {
    assertThat(MaskPictures.chosen(List.of("a", "b", "c", "d", "e")))
        .containsExactly("a", "c", "e");
    assertThat(MaskPictures.chosen(List.of("a", "b"))).containsExactly("a", "b");
    assertThat(MaskPictures.chosen(List.of())).isEmpty();
  }
}
