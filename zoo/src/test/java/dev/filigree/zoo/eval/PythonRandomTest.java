package dev.filigree.zoo.eval;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Against CPython 3.11's {@code random.Random(42)}. */
class PythonRandomTest {
  private static List<Integer> range(int end) {
    return new ArrayList<>(IntStream.range(0, end).boxed().toList());
  }

  @Test
  void drawsArePythons() {
    var random = new PythonRandom(42);
    List<Integer> list = range(30);
    random.shuffle(list);
    assertThat(list)
        .containsExactly(
            19, 14, 10, 26, 22, 6, 5, 12, 11, 15, 9, 25, 29, 21, 16, 27, 1, 13, 18, 2, 17, 28, 4,
            24, 7, 8, 23, 0, 3, 20);
    assertThat(random.sample(range(10), 3)).containsExactly(9, 4, 0);
    assertThat(random.sample(range(1000), 3)).containsExactly(777, 825, 163);
    assertThat(random.sample(range(1000), 25))
        .containsExactly(
            714, 432, 348, 284, 159, 220, 980, 781, 344, 104, 94, 389, 99, 367, 867, 352, 618, 270,
            826, 44, 747, 470, 549, 127, 996);
    assertThat(random.sample(range(90), 25))
        .containsExactly(
            48, 10, 70, 37, 80, 79, 46, 73, 24, 8, 5, 29, 86, 88, 78, 12, 89, 35, 58, 83, 20, 47,
            45, 26, 34);
  }
}
