import unittest

from readback import scalars, source, timestamps


class Scalars(unittest.TestCase):
    def test_a_double_carries_what_it_prints(self):
        for text, carried in (("0.1", True), ("1.50", True),
                              ("9007199254740992", True), ("9007199254740993", False),
                              ("9007199254740994", True), ("1e400", False), ("1e-400", False), ("-0", True),
                              ("0.0", True), ("123456789012345.67", True),
                              ("0.1000000000000000055511151231257827", True),
                              ("0.10000000000000000000000001", False), ("5e-324", True), ("4.94e-324", True),
                              ("1.7976931348623157e308", True), ("18446744073709551616", True),
                              ("18446744073709551615", False)):
            with self.subTest(text):
                self.assertEqual(scalars.carried_by_double(text, float(text)), carried)

    def test_the_sign_of_zero_counts(self):
        self.assertFalse(scalars.carried_by_double("-0", 0.0))
        self.assertFalse(scalars.carried_by_double("0", -0.0))

    def test_the_next_double_does_not_carry(self):
        self.assertFalse(scalars.carried_by_double("0.1", 0.10000000000000002))

    def test_magnitudes(self):
        self.assertEqual(scalars.magnitude("1.50e2"), scalars.magnitude("150"))
        self.assertEqual(scalars.magnitude("0.001"), scalars.magnitude("1E-3"))
        self.assertEqual(scalars.magnitude("0e99"), scalars.magnitude("0.00"))
        self.assertNotEqual(scalars.magnitude("-0"), scalars.magnitude("0"))
        self.assertEqual(scalars.magnitude("1e99999999999999999999"), scalars.magnitude("10e99999999999999999998"))

    def test_paths_tell_keys_from_positions(self):
        self.assertEqual(list(scalars.flatten(scalars.parse('{"a":[null,{"0":true}]}'))), [(("a", 1, "0"), True)])
        self.assertEqual(scalars.pointer(("a/b", 1, "~")), "/a~1b/1/~0")
        self.assertEqual(scalars.keys_of_pointer("/a~1b//~01"), ("a/b", "", "~1"))

    def test_only_json_is_json(self):
        for text in ("NaN", "-Infinity", "[1,]", "01", "\ufeff{}", '"\t"'):
            with self.subTest(text), self.assertRaises(ValueError):
                scalars.parse(text)

    def test_timestamps_go_both_ways(self):
        for ms, text in ((0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999Z"),
                         (-62_167_219_200_000, "0000-01-01T00:00:00Z"),
                         (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
                         (1_795_132_800_050, "2026-11-20T00:00:00.050Z")):
            with self.subTest(text):
                self.assertEqual(timestamps.to_text(ms), text)
                self.assertEqual(timestamps.to_ms(text), ms)
        self.assertEqual(timestamps.to_ms("1969-12-31 23:59:59.999"), -1)


class Sources(unittest.TestCase):
    def check(self, body, form, *expected):
        self.assertEqual([(item.row, item.raw, item.expect) for item in source.items(body, form)], list(expected))

    def test_forms(self):
        self.check(b'{"a":1}\r\n\n[]\n{"a"\n', "ndjson",
                   (0, b'{"a":1}', "row"), (1, b"[]", "reject"), (2, b'{"a"', "reject"))
        self.check(b' [ {"a":1} , 2,{} ]\n', "json", (0, b'{"a":1}', "row"), (1, b"2", "reject"), (2, b"{}", "row"))
        self.check(b'{"a":1} ,{"b":2}', "elements", (0, b'{"a":1}', "row"), (1, b'{"b":2}', "row"))
        self.check(b"[\n]", "json", (None, b"[\n]", "reject"))
        self.check(b'[{"a":1},]', "json", (None, b'[{"a":1},]', "reject"))
        self.check(b"[{}]]", "json", (None, b"[{}]]", "reject"))
        self.check(b"\xff", "json", (None, b"\xff", "reject"))
        self.check(b'"text"', "json", (0, b'"text"', "reject"))
        self.check(br'{"a":"\ud800"}', "json", (None, br'{"a":"\ud800"}', "reject"))
        self.check(b'{"a":1}\n' + br'{"\udc00":0}', "ndjson", (0, b'{"a":1}', "row"), (1, br'{"\udc00":0}', "reject"))

    def test_depth(self):
        def nested(levels):
            return b'{"a":' * levels + b"1" + b"}" * levels

        expectations = [source.items(nested(levels), "json")[0].expect for levels in (126, 128, 130, 900)]
        self.assertEqual(expectations, ["row", "either", "reject", "reject"])
        for body in (b"[" * 100_000, b'{"":[' * 100_000):
            [item] = source.items(body, "json")
            self.assertEqual((item.row, item.or_row, item.expect), (None, 0, "reject"))

    def test_what_documents_leave_out(self):
        def check(whole, *documents):
            return source.uncovered(whole, [{"offset": offset, "bytes": size, "form": form}
                                            for offset, size, form in documents])

        self.assertIsNone(check(b"{}\n{}\n", (0, 3, "ndjson"), (3, 3, "ndjson")))
        self.assertIsNone(check(b"[{}, {}]", (1, 2, "elements"), (5, 2, "elements")))
        self.assertIsNone(check(b"\xef\xbb\xbf{}", (3, 2, "json")))
        self.assertEqual(check(b"[{}, {}]", (1, 2, "elements")), b"{}")
        self.assertEqual(check(b"[{}, 1, {}]", (1, 2, "elements"), (8, 2, "elements")), b"1")
        self.assertIsNone(check(b" [{", (2, 1, "json")))
        self.assertEqual(check(b"[{}],", (0, 4, "json")), b",")
        self.assertEqual(check(b"{}\n{}\n", (0, 3, "ndjson"), (2, 4, "ndjson")), b"(documents overlap)")
        self.assertEqual(check(b"{}"), b"{}")


if __name__ == "__main__":
    unittest.main()
