package dev.filigree.zoo.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.io.Json;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a page holds. */
final class Pages {
  private static final Pattern DATA =
      Pattern.compile(
          "<script type=\"application/json\" id=\"data\">(.*?)</script>", Pattern.DOTALL);

  private Pages() {}

  /** The data that the page's scripts show. */
  static JsonNode data(String html) throws IOException {
    Matcher data = DATA.matcher(html);
    if (!data.find()) {
      throw new AssertionError("no data in the page");
    }
    return Json.read(data.group(1));
  }
}
